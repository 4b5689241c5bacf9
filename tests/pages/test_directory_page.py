"""*Microsoft directory*: the page as an administrator uses it."""

from __future__ import annotations

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.delivery import directory_accounts, directory_look_up, directory_names, engine
from core.models import Account, DirectoryMatch, DirectoryRunKind, Person, SchoolSettings
from core.services import directory_creation, directory_look_ups, directory_matches
from core.tables import directory_outcome, directory_runs
from core.tables.directory_review import Part
from tests import cast as make
from tests.cast import Cast
from tests.pages import fragments
from tests.pages.screens import Open, button, everything_said, opener
from tests.peers.graph import Graph
from tests.peers.tenant import GROUP

OF_KIND = {
    DirectoryRunKind.LOOK_UP: directory_look_up.run,
    DirectoryRunKind.CREATE: directory_accounts.run,
    DirectoryRunKind.UPDATE: directory_names.run,
}


@pytest.fixture
def school(cast: Cast, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Whatever is handed to the engine is done at once."""
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types = True, ["student"]
        own.microsoft_domain, own.microsoft_licence_group = "school.example", GROUP
    monkeypatch.setattr(engine, "start_directory", _do)
    return cast


def _do() -> None:
    with database.reading() as db:
        wanted = directory_runs.under_way(db)
    for run_id, (_token, kind) in wanted.items():
        OF_KIND[kind](run_id)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    return opener(monkeypatch)


def _look_up(cast: Cast) -> None:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, cast.ada.actor)
    directory_look_up.run(run_id)


def _tick(page: AppTest, row: int) -> None:
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    page.run()


def _decisions() -> list[str]:
    with database.reading() as db:
        return sorted(db.exec(select(DirectoryMatch.decision)))


def test_without_microsoft_the_page_says_where_to_begin(cast: Cast, opened: Open) -> None:
    assert "does not use Microsoft 365" in everything_said(opened(cast.ada.actor, "directory.py"))


def test_look_up_now_then_accept_all_who_are_certain(school: Cast, graph: Graph, opened: Open) -> None:
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.add("max@school.example", name="Max Sideris", employee_id="S2")
    page = opened(school.ada.actor, "directory.py")
    button(page, "Look up now").click().run()
    assert "2 people are in the directory" in everything_said(page)
    assert "the same code and name" in everything_said(page)
    button(page, "Accept all 2").click().run()
    assert not page.exception and "Linked" in everything_said(page)
    with database.reading() as db:
        assert db.get_one(Account, school.sam.account.id).object_id == sam


def test_what_is_likely_is_accepted_or_rejected_by_ticks_alone(school: Cast, graph: Graph, opened: Open) -> None:
    graph.add("max@school.example", name="Max Sideris")
    graph.add("otto@school.example", name="Otto Other")
    _look_up(school)
    page = opened(school.ada.actor, "directory.py")
    assert button(page, "Accept 0 ticked").disabled
    _tick(page, 1)
    button(page, "Reject 1 ticked").click().run()
    assert "They are not proposed again" in everything_said(page)
    _tick(page, 0)
    button(page, "Accept 1 ticked").click().run()
    assert not page.exception and _decisions() == ["accepted", "rejected"]


def test_a_refused_look_up_names_the_permission_on_the_page(school: Cast, graph: Graph, opened: Open) -> None:
    graph.forbidden.add("users")
    page = opened(school.ada.actor, "directory.py")
    button(page, "Look up now").click().run()
    assert "User.Read.All" in everything_said(page)


def test_a_look_up_under_way_shows_how_far_it_is(school: Cast, opened: Open) -> None:
    with database.transaction() as db:
        directory_look_ups.ask(db, school.ada.actor)
    page = opened(school.ada.actor, "directory.py")
    assert "Reading the directory: 0 people so far" in everything_said(page)


def test_create_in_microsoft_after_the_dry_run(
    school: Cast, graph: Graph, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    _look_up(school)
    page = opened(school.ada.actor, "directory.py")
    button(page, "Create in Microsoft 365 …").click().run()
    assert any("ssideris@school.example" in frame.value.to_string() for frame in page.dataframe)
    assert not graph.users
    assert not fragments.press(page, "Create 3 in Microsoft 365", monkeypatch).exception
    assert "Created in Microsoft 365: 3" in everything_said(opened(school.ada.actor, "directory.py"))
    assert graph.groups[GROUP] == set(graph.users) and len(graph.users) == 3


def test_what_was_refused_says_why_and_goes_on_by_a_button(school: Cast, graph: Graph, opened: Open) -> None:
    _look_up(school)
    graph.forbidden.add("users")
    with database.transaction() as db:
        seen = directory_creation.preview(db, school.ada.actor).seen
        directory_creation.launch(db, school.ada.actor, seen=seen)
    _do()
    page = opened(school.ada.actor, "directory.py")
    assert "User.ReadWrite.All" in everything_said(page)
    graph.forbidden.clear()
    button(page, "Go on").click().run()
    assert "Created in Microsoft 365: 3" in everything_said(page)


def test_of_a_long_round_the_first_are_shown_and_all_are_offered_as_a_file(
    school: Cast, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_outcome.not_done, "__kwdefaults__", {"most": 2})
    with database.transaction() as db:
        run_id = make.directory_round(db, school.sam.person, school.max.person, school.otto.person)
    said = everything_said(opened(school.ada.actor, "directory.py"))
    assert "To be looked at: 3" in said and "The first 2. The file has all of them." in said
    assert 'action="/files/directory-outcome-xlsx"' in said and f'name="selection_id" value="{run_id}"' in said


def test_a_round_under_way_shows_how_far_it_is_and_can_be_stopped(school: Cast, opened: Open) -> None:
    _look_up(school)
    with database.transaction() as db:
        seen = directory_creation.preview(db, school.ada.actor).seen
        directory_creation.launch(db, school.ada.actor, seen=seen)
    page = opened(school.ada.actor, "directory.py")
    assert "Creating in Microsoft 365: 0 of 3" in everything_said(page)
    page.button(key="directory.stop").click().run()
    assert "stopped before: 3" in everything_said(page)


def test_a_changed_name_is_shown_and_updated_by_one_button(school: Cast, graph: Graph, opened: Open) -> None:
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    _look_up(school)
    with database.transaction() as db:
        directory_matches.accept_certain(db, school.ada.actor, expected=1)
        db.get_one(SchoolSettings, 1).microsoft_only_on_creation = False
        db.get_one(Person, school.sam.person.id).last_name = "Newname"
    page = opened(school.ada.actor, "directory.py")
    assert "Sam Newname" in everything_said(page)
    button(page, "Update 1 in Microsoft 365").click().run()
    assert not page.exception and "Updated in Microsoft 365: 1" in everything_said(page)
    assert graph.users[sam]["displayName"] == "Sam Newname"


def test_the_part_that_somebody_opens_stays_also_when_the_numbers_change_meanwhile(
    school: Cast, graph: Graph, opened: Open
) -> None:
    graph.add("max@school.example", name="Max Sideris")
    _look_up(school)
    page = opened(school.ada.actor, "directory.py")
    assert button(page, "Accept 0 ticked").disabled  # Likely: the first in which somebody is
    page.button_group[0].set_value(Part.LINKED).run()
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    _look_up(school)
    page.run()
    assert "Nobody is linked yet" in everything_said(page)
    page.button_group[0].set_value(Part.NONE)
    graph.add("otto@school.example", name="Otto Other", employee_id="S3")
    _look_up(school)
    page.run()
    assert "Nobody in the directory looks like them" in everything_said(page)
