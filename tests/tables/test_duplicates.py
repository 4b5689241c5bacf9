"""Who is known already: names in any order and writing, addresses in any case, mobiles; within scope."""

from __future__ import annotations

import pytest

from core import database
from core.errors import NotAllowed
from core.permissions import Actor, Role, Scope
from core.tables import duplicates, found_people
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def _alike(actor: Actor, **typed: object) -> list[tuple[str, tuple[str, ...]]]:
    values: dict[str, object] = {"kind": "student"} | typed
    with database.reading() as db:
        found = duplicates.find(db, actor, **values)  # type: ignore[arg-type]
    return [(alike.found.name, alike.likeness) for alike in found]


@pytest.mark.parametrize(
    ("first", "last"), [("Μαρία", "Παπαδοπούλου"), ("ΜΑΡΙΑ", "παπαδοπουλου"), ("Παπαδοπούλου", "Μαρία")]
)
def test_a_name_is_known_without_accents_and_with_its_halves_swapped(cast: Cast, first: str, last: str) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Μαρία", middle_name="Ελένη", last_name="Παπαδοπούλου")
        make.person(db, first_name="Μαρίανθη", last_name="Παπαδοπούλου")
    assert _alike(cast.olga.actor, first_name=first, last_name=last) == [("Μαρία Ελένη Παπαδοπούλου", ("name",))]


def test_an_address_is_known_whatever_its_capitals_and_part_of_one_is_not(cast: Cast) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Nora", last_name="New", personal_email="Nora@Mail.example")
        make.person(db, first_name="Dora", last_name="New", contact_email="nora@mail.example.org")
    assert _alike(cast.olga.actor, emails=["nora@mail.EXAMPLE"]) == [("Nora New", ("email",))]
    assert _alike(cast.olga.actor, emails=["ora@mail.example", ""]) == []


def test_a_mobile_is_known_and_who_has_most_in_common_comes_first(cast: Cast) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Nina", last_name="New", mobile="691 234 5678")
        make.person(db, first_name="Nora", last_name="New", mobile="691 234 5678")
    found = _alike(cast.olga.actor, first_name="Nora", last_name="New", mobile="+306912345678")
    assert found == [("Nora New", ("name", "mobile")), ("Nina New", ("mobile",))]


def test_another_kind_of_person_is_nobodys_duplicate(cast: Cast) -> None:
    assert _alike(cast.olga.actor, kind="guardian", first_name="Sam", last_name="Sideris") == []


@pytest.mark.parametrize("name", ["", "%", '"', "' OR 1=1 --", "_", "*"])
def test_odd_names_find_nobody_and_break_nothing(cast: Cast, name: str) -> None:
    assert _alike(cast.olga.actor, first_name=name, last_name=name, emails=[name], mobile=name) == []


def test_those_out_of_scope_are_found_neither_as_duplicates_nor_to_link(cast: Cast) -> None:
    office = Actor("o", 1, None, frozenset({Role.OFFICE}), Scope(False, frozenset({cast.class_7b.id or 0})))
    assert _alike(office, first_name="Otto", last_name="Other") == []
    assert _alike(office, first_name="Sam", last_name="Sideris") == [("Sam Sideris", ("name",))]
    with database.reading() as db:
        assert found_people.look(db, office, kind="student", text="otto") == []
        assert [found.name for found in found_people.look(db, cast.cora.actor, kind="student", text="sider")] == [
            "Max Sideris",
            "Sam Sideris",
        ]


def test_to_link_two_letters_are_needed_and_guardians_come_with_their_students(cast: Cast) -> None:
    with database.reading() as db:
        assert found_people.look(db, cast.olga.actor, kind="guardian", text="g") == []
        gina = found_people.look(db, cast.olga.actor, kind="guardian", text="gi sid")[0]
    assert (gina.name, gina.also) == ("Gina Siderí", "Max Sideris, Sam Sideris")


def test_only_who_may_register_is_told_of_duplicates(cast: Cast) -> None:
    with database.reading() as db:
        for member in (cast.cora, cast.tom, cast.sam):
            with pytest.raises(NotAllowed):
                duplicates.find(db, member.actor, kind="student", first_name="Sam", last_name="Sideris")
