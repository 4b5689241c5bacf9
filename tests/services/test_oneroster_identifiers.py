"""Whom the school knows under their student number is found again in a OneRoster set with ids of its own."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from core import database
from core.models import Account, Enrolment, Guardianship, Person, PersonKind, PersonStatus, Section
from core.permissions import Role, command_line
from core.rules.imports import reading
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.services import imports
from core.services.imports import Check, Leave
from tests import cast as people
from tests.oneroster import USERS, WHOLE, archive

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database", "clock")]
ACTOR = command_line("tester")
LIST = b"Student code,First name,Last name,Class\n1001,Sam,Sideris,7B\n1002,Max,Sideris,8A\n"


def _check(*uploads: Upload) -> Check:
    intake = reading.read(reading.sheets(list(uploads), limits=COMMAND_LINE_LIMITS))
    with database.reading() as db:
        return imports.check(db, ACTOR, intake=intake)


def _import(*uploads: Upload, **options: Any) -> imports.Applied:
    check = _check(*uploads)
    with database.transaction() as db:
        return imports.apply(db, ACTOR, seen=check, uploads=list(uploads), **options)


@pytest.fixture(autouse=True)
def known(fresh_database: None, clock: object) -> int:
    """Sam and Max of a list, under their student numbers; Sam has an account."""
    _import(Upload("students.csv", LIST))
    with database.transaction() as db:
        made = people.account(db, person=db.exec(select(Person).where(Person.source_id == "1001")).one())
        people.role(db, account=made, role=Role.STUDENT)
        return made.person_id


def _users(old: str = "", new: str = "") -> Upload:
    assert old in USERS
    return archive(WHOLE | {"users": USERS.replace(old, new, 1)})


def _codes() -> set[str]:
    with database.reading() as db:
        return set(db.exec(select(Person.source_id).where(Person.kind == PersonKind.STUDENT)))


def _told(check: Check) -> list[tuple[int, str]]:
    return [(one.row, one.message) for one in check.problems if one.column == "identifier"]


def test_whoever_is_known_by_identifier_and_name_is_no_new_person_and_keeps_the_account(known: int) -> None:
    check = _check(_users())
    assert [row for row, message in _told(check) if "keep that code" in message] == [2], "said once, for all of them"
    _import(_users())
    assert _codes() == {"1001", "1002"}
    with database.reading() as db:
        sam = db.get_one(Person, known)
        assert (sam.personal_email, sam.grade) == ("sam@mail.example", "7")
        assert db.exec(select(Account).where(Account.person_id == known)).one()
        query = select(Section.title).join(Enrolment).where(Enrolment.person_id == known)
        assert set(db.exec(query)) >= {"7B", "Algebra"}
        assert len(db.exec(select(Guardianship).where(col(Guardianship.student_id) == known)).all()) == 2


def test_the_same_set_twice_changes_nothing_and_nobody_is_missing() -> None:
    _import(_users())
    again = _check(_users())
    assert again.plan.counts.nothing and not again.leavers()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Sam,Sideris", "Sam,Otter"),
        ("Sam,Sideris", "Zoe,Sideris"),
        ("Max,Sideris,,1002", "Max,Sideris,,1001"),
    ],
    ids=["another last name", "a sister under his number", "two rows with one number"],
)
def test_whoever_agrees_by_half_is_neither_merged_nor_made_but_told_and_not_missing(
    old: str, new: str, known: int
) -> None:
    upload = _users(old, new)
    check = _check(upload)
    assert any(row == 2 and "left out" in message for row, message in _told(check))
    assert "1001" not in {row["source_id"] for row in check.leavers().rows}
    _import(upload)
    assert "s1" not in _codes()
    with database.reading() as db:
        sam = db.get_one(Person, known)
        assert (sam.first_name, sam.last_name, sam.personal_email) == ("Sam", "Sideris", "")


@pytest.mark.parametrize("name", ["SAM,SIDERIS", "Sam Ioannis,Sideris-Thalis", "Sám,Sidéris"])
def test_a_name_agrees_by_a_word_of_each_half_whatever_its_accents(name: str) -> None:
    _import(_users("Sam,Sideris", name))
    assert _codes() == {"1001", "1002"}


def test_whose_number_is_the_source_id_of_somebody_else_in_the_file_is_not_tied() -> None:
    upload = _users("s2,,,true", "1001,,,true")
    assert not [message for _row, message in _told(_check(upload)) if "keep that code" in message]
    _import(upload)
    assert {"s1", "1001"} <= _codes()


def test_the_number_of_somebody_who_left_may_be_given_to_somebody_new(known: int) -> None:
    with database.transaction() as db:
        db.get_one(Person, known).status = PersonStatus.LEFT
    _import(_users("Sam,Sideris", "Zoe,Otter"))
    assert "s1" in _codes()
    with database.reading() as db:
        assert db.get_one(Person, known).status == PersonStatus.LEFT


def test_whoever_has_come_in_under_the_source_id_already_stays_two_people() -> None:
    with database.transaction() as db:
        people.person(db, source_id="s1", first_name="Sam", last_name="Sideris")
    assert [row for row, _message in _told(_check(_users()))] == [3], "Max alone is tied"
    _import(_users())
    assert _codes() == {"s1", "1001", "1002"}


def test_whoever_is_to_be_deleted_is_found_by_the_identifier_too(known: int) -> None:
    users = USERS.partition("\r\n")[0] + "\r\ns1,tobedeleted,2026-11-01,true,o1,student,,,Sam,Sideris,,1001,,,,,,\r\n"
    _import(archive({"users": users}, mode="delta"), leave=Leave.WHO_IS_SAID_TO)
    with database.reading() as db:
        assert db.get_one(Person, known).status == PersonStatus.LEFT
