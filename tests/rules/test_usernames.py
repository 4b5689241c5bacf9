"""Usernames: Latin letters, numbers where taken, existing names untouched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import new_accounts, username_pattern, usernames
from core.rules.new_accounts import AccountRefusal, Candidate
from core.rules.reachability import Policy

DEFAULT = username_pattern.read(username_pattern.DEFAULT)


@pytest.mark.parametrize(
    ("first", "last", "username"),
    [
        ("Μαρία", "Παπαδοπούλου", "mpapadopoulou"),
        ("Ευγενία", "Αυγερινού", "eavgerinou"),
        ("Γιώργος", "Μπέκας", "gbekas"),
        ("Ελευθέριος", "Άγγελος", "eangelos"),
        ("Άννα", "Ταΰγετος", "ataygetos"),
        ("Άννα", "Πραΰλου", "apraylou"),
        ("Άννα", "Άυλος", "aaylos"),
        ("Άννα", "Αϋφαντή", "aayfanti"),
        ("Άννα", "Σταύρου", "astavrou"),
        ("Άννα", "Τσαούσης", "atsaousis"),
        ("Nguyễn", "Đặng", "ndang"),
        ("Олег", "Щукин", "oshchukin"),
        ("José", "O’Brien-Smith", "jobriensmith"),
        ("Jürgen", "Groß", "jgross"),
        ("Sam", "", "sam"),
        ("محمد", "علي", "s17"),
        ("李", "王", "s17"),
    ],
)
def test_a_username_is_the_first_letter_and_the_last_name_in_latin(first: str, last: str, username: str) -> None:
    assert username_pattern.stem(DEFAULT, first_name=first, last_name=last, code="S17") == username


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_any_name_gives_a_username_of_letters_and_digits(first: str, last: str, code: str) -> None:
    name = username_pattern.stem(DEFAULT, first_name=first, last_name=last, code=code)
    assert name.isascii() and name.isalnum() and name == name.lower()


def test_a_taken_username_gets_the_first_free_number() -> None:
    taken = {"ssideris": 1, "ssideris2": 1}
    assert [usernames.next_free("ssideris", taken) for _ in range(3)] == ["ssideris3", "ssideris4", "ssideris5"]


def test_a_number_never_collides_with_a_name_that_ends_in_one() -> None:
    taken = {"jo": 1, "jo2": 1}
    assert [usernames.next_free(name, taken) for name in ("jo", "jo2", "jo2", "jo3")] == ["jo3", "jo22", "jo23", "jo32"]


def _candidate(**changes: object) -> Candidate:
    values: dict[str, object] = {
        "person_id": 1,
        "kind": "student",
        "first_name": "Sam",
        "last_name": "Sideris",
        "source_id": "S1",
        "counts": True,
        "has_account": False,
        "external_email": "",
    }
    return Candidate(**(values | changes))  # type: ignore[arg-type]


MICROSOFT = Policy(microsoft_user_types=frozenset({"student"}))


@pytest.mark.parametrize(
    ("changes", "policy", "reason"),
    [
        ({"has_account": True}, Policy(), AccountRefusal.HAS_ONE),
        ({"counts": False}, Policy(), AccountRefusal.STATUS),
        ({}, MICROSOFT, AccountRefusal.NO_MICROSOFT_ADDRESS),
        ({"external_email": "Taken@school.example"}, MICROSOFT, AccountRefusal.ADDRESS_TAKEN),
    ],
)
def test_who_gets_no_account_is_told_why(changes: dict[str, object], policy: Policy, reason: AccountRefusal) -> None:
    plan = new_accounts.plan([_candidate(**changes)], policy=policy, taken={"taken@school.example": 1}, pattern=DEFAULT)
    assert plan.new == ()
    assert [skipped.reason for skipped in plan.skipped] == [reason]


def test_with_microsoft_365_the_address_is_the_username() -> None:
    plan = new_accounts.plan(
        [_candidate(external_email="sam@school.example")], policy=MICROSOFT, taken={}, pattern=DEFAULT
    )
    assert [(new.username, new.sign_in_method) for new in plan.new] == [("sam@school.example", "microsoft")]


def test_guardians_keep_a_local_username_when_only_students_live_in_microsoft_365() -> None:
    guardian = _candidate(kind="guardian", external_email="gina@school.example")
    plan = new_accounts.plan([guardian], policy=MICROSOFT, taken={}, pattern=DEFAULT)
    assert [(new.username, new.user_type, new.role) for new in plan.new] == [("ssideris", "guardian", "guardian")]


def test_staff_who_teach_become_teachers_of_their_classes_and_others_wait_for_a_role() -> None:
    staff = [_candidate(kind="staff", teaches=(4, 5)), _candidate(person_id=2, kind="staff", last_name="Stone")]
    teacher, other = new_accounts.plan(staff, policy=Policy(), taken={}, pattern=DEFAULT).new
    assert (teacher.user_type, teacher.role, teacher.section_ids) == ("teacher", "teacher", (4, 5))
    assert (other.user_type, other.role) == ("staff", None)
