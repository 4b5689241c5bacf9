"""What is masked or out of scope stays so: searches, orders, filters and names beside others spell nothing out."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from core import database
from core.models import Person
from core.permissions import Actor, Role, Scope
from core.services import people, selections
from core.tables import accounts, found_people, guardians, selection_rows, slips
from core.tables import students as student_list
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases
LETTERS = string.ascii_lowercase + string.digits + ".-_@+"


@pytest.fixture
def secret(cast: Cast) -> str:
    """Sam's mobile and an address of his."""
    with database.transaction() as db:
        sam = db.get_one(Person, cast.sam.person.id)
        contacts = {"mobile": "6971234567", "contact_email": "secret.name@private.example"}
        people.save(db, cast.ada.actor, person_id=sam.id or 0, seen=sam.updated_at, **contacts)
    return "secret.name@private.example"


def _asks(db: Session, actor: Actor) -> dict[str, Callable[[str], Any]]:
    """Every way to look for a text, and how many it finds."""
    ways: dict[str, Callable[[str], Any]] = {
        "students": lambda text: student_list.count(db, actor, filter=StudentFilter(text=text)),
        "page": lambda text: len(student_list.page(db, actor, filter=StudentFilter(text=text), page=Page())),
        "found": lambda text: len(found_people.look(db, actor, kind="student", text=text)),
    }
    if Role.COORDINATOR in actor.roles:
        ways["accounts"] = lambda text: accounts.count(db, actor, filter=AccountFilter(text=text))
        ways["page of accounts"] = lambda text: len(
            accounts.page(db, actor, filter=AccountFilter(text=text), page=Page())
        )
    return ways


@pytest.mark.parametrize("who", ["tom", "cora"])
def test_r61_no_search_spells_out_a_masked_address_or_number(cast: Cast, secret: str, who: str) -> None:
    with database.reading() as db:
        for name, ask in _asks(db, getattr(cast, who).actor).items():
            for text in (
                secret,
                secret[:6],
                "@private",
                "rivate.ex",
                "person",
                "mail.example",
                "697123",
                "306971",
                "4567",
            ):
                assert ask(text) == 0, (name, text)
            assert [letter for letter in LETTERS if ask(f"{letter}@private.example")] == [], name


@pytest.mark.parametrize("who", ["tom", "cora"])
@pytest.mark.parametrize("text", ["sam sid", "SAM", "s1", "deris", "sam.sid", "sideris s1", "m", "s sam"])
def test_the_ordinary_search_is_as_before_for_everybody(cast: Cast, who: str, text: str) -> None:
    with database.reading() as db:
        masked, whole = getattr(cast, who).actor, replace(cast.olga.actor, scope=getattr(cast, who).actor.scope)
        for kind in (StudentFilter(text=text), StudentFilter(text=text, section_ids=(cast.class_7b.id or 0,))):
            seen = [
                list(student_list.page(db, actor, filter=kind, page=Page())["first_name"]) for actor in (masked, whole)
            ]
            assert seen[0] == seen[1] != []
            assert student_list.count(db, masked, filter=kind) == len(seen[0])


def test_whoever_sees_contacts_finds_by_them(cast: Cast, secret: str) -> None:
    with database.reading() as db:
        for name, ask in _asks(db, cast.olga.actor).items():
            assert ask(secret) == ask("697123") == 1, name


@pytest.mark.parametrize("sort", sorted(student_list.HIDDEN_SORTS))
def test_r61_no_order_tells_what_is_masked(cast: Cast, secret: str, sort: str) -> None:
    with database.reading() as db:
        ask = lambda actor, sort: list(  # noqa: E731
            student_list.page(db, actor, filter=StudentFilter(), page=Page(sort=sort, descending=True))["id"]
        )
        assert ask(cast.tom.actor, sort) == ask(cast.tom.actor, "name")
        by_mobile = accounts.page(db, cast.cora.actor, filter=AccountFilter(), page=Page(sort="mobile"))
        by_name = accounts.page(db, cast.cora.actor, filter=AccountFilter(), page=Page())
        assert list(by_mobile["id"]) == list(by_name["id"])
        if sort == "mobile":
            assert ask(cast.olga.actor, sort)[0] == cast.sam.person.id


def test_r61_flags_stay_as_filters(cast: Cast, secret: str) -> None:
    with database.reading() as db:
        assert student_list.count(db, cast.tom.actor, filter=StudentFilter(has_mobile=True)) == 1
        assert student_list.count(db, cast.tom.actor, filter=StudentFilter(has_contact_email=True)) == 1


@pytest.fixture
def shared(cast: Cast) -> None:
    """Gina answers for Otto of 8A too, whom nobody of 7B may see."""
    with database.transaction() as db:
        otto, gina = db.get_one(Person, cast.otto.person.id), db.get_one(Person, cast.gina.person.id)
        make.guardianship(db, student=otto, guardian=gina)


@pytest.mark.usefixtures("shared")
def test_r60_r62_the_names_of_students_out_of_scope_stand_nowhere(cast: Cast) -> None:
    office = replace(cast.olga.actor, scope=Scope(False, frozenset({cast.class_7b.id or 0})))
    with database.transaction() as db:
        rows = accounts.page(db, cast.cora.actor, filter=AccountFilter(), page=Page())
        assert "Otto" not in " ".join(rows["students"])
        assert "Sam Sideris" in " ".join(rows["students"])
        assert "Otto" not in str(found_people.look(db, cast.tom.actor, kind="guardian", text="gina"))
        assert "Otto" in guardians.students_of(db, cast.olga.actor, [cast.gina.person.id or 0])[0]
        selections.everything(db, office, list_name="accounts", filter=AccountFilter())
        chosen = selection_rows.account_ids(
            db, office, selection_id=selections.current(db, office, list_name="accounts").id or 0
        )
        printed = str([group.rows for group in slips.of_accounts(db, office, account_ids=chosen)])
        assert "Gina" in printed
        assert "Otto" not in printed


@pytest.mark.usefixtures("shared")
def test_r60_r62_no_filter_tells_of_a_student_out_of_scope(cast: Cast) -> None:
    with database.transaction() as db:
        past = make.period(db, title="2025-2026", is_current=False)
        old = make.section(db, period=past, title="old", grade="8")
        db.get_one(Person, cast.otto.person.id).section_id = old.id
    for asked in (
        AccountFilter(section_ids=(old.id or 0,)),
        AccountFilter(section_ids=(cast.class_8a.id or 0,)),
        AccountFilter(grades=("8",)),
        AccountFilter(period_id=past.id),
    ):
        with database.reading() as db:
            assert accounts.count(db, cast.cora.actor, filter=asked) == 0
            assert accounts.page(db, cast.cora.actor, filter=asked, page=Page()).empty
            wide = set(accounts.page(db, cast.olga.actor, filter=asked, page=Page())["first_name"])
            assert {"Gina", "Otto"} <= wide


@pytest.mark.usefixtures("shared")
def test_r60_a_choice_made_with_a_wider_scope_finds_no_guardian_by_a_student_outside(cast: Cast) -> None:
    with database.transaction() as db:
        wide = replace(cast.cora.actor, scope=Scope(everybody=True))
        otto = [cast.otto.person.id or 0]
        selections.tick(db, wide, list_name="students", on=otto)
        asked = AccountFilter(guardians_of_selected=True)
        assert accounts.count(db, wide, filter=asked) == 1
        assert accounts.count(db, cast.cora.actor, filter=asked) == 0
