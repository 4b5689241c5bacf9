"""Who is created in Microsoft 365, under which address, and who is not."""

from __future__ import annotations

import pytest

from core.rules import initial_credentials, microsoft_accounts, username_pattern
from core.rules.directory_users import LONGEST_CODE, SchoolMember, User, employee_id
from core.rules.microsoft_accounts import NotCreated, Plan

SAM = SchoolMember(1, "Sam", "Sideris", "S1")


def _plan(*people: SchoolMember, there: tuple[str, ...] = (), taken: tuple[str, ...] = ()) -> Plan:
    pattern = username_pattern.read("FirstName(1)LastName")
    known = dict.fromkeys((*there, *taken), 1)
    return microsoft_accounts.plan(people, domain="school.example", pattern=pattern, there=there, taken=known)


def test_an_address_is_made_by_the_school_s_pattern_with_a_number_where_it_is_taken() -> None:
    sofia = SchoolMember(2, "Σοφία", "Σίδερης", "S2")
    made = _plan(SAM, sofia, there=("ssideris2@school.example",))
    assert [new.address for new in made.new] == ["ssideris@school.example", "ssideris3@school.example"]
    assert made.new[0].display_name == "Sam Sideris" and made.new[0].employee_id == "S1"


def test_whoever_has_an_address_gets_just_that() -> None:
    sam = SchoolMember(1, "Sam", "Sideris", "S1", "Sam.S@School.example")
    (made,) = _plan(sam, taken=("sam.s@school.example",)).new
    assert made.address == "Sam.S@School.example"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sam@elsewhere.example", NotCreated.OTHER_DOMAIN),
        ("sam@sub.school.example", NotCreated.OTHER_DOMAIN),
        ("there@school.example", NotCreated.ADDRESS_TAKEN),
        ("sám@school.example", NotCreated.ADDRESS),
        ("nobody", NotCreated.ADDRESS),
    ],
)
def test_an_address_that_cannot_be_given_is_said_and_nobody_gets_another_one(address: str, reason: NotCreated) -> None:
    made = _plan(SchoolMember(1, "Sam", "Sideris", "S1", address), there=("there@school.example",))
    assert made.new == () and [one.reason for one in made.skipped] == [reason]


def test_of_two_people_with_one_address_the_first_gets_it() -> None:
    both = [SchoolMember(number, "Sam", "Sideris", f"S{number}", "sam@school.example") for number in (1, 2)]
    made = _plan(*both)
    assert [new.person_id for new in made.new] == [1]
    assert [(one.person_id, one.reason) for one in made.skipped] == [(2, NotCreated.ADDRESS_TAKEN)]


def test_what_was_seen_stands_for_just_these_people_and_addresses() -> None:
    assert _plan(SAM).seen == _plan(SAM).seen != _plan(SAM, taken=("ssideris@school.example",)).seen


def test_a_code_that_the_directory_cannot_keep_is_known_by_its_digest() -> None:
    long = "0b1ec7aa-0000-4000-8000-000000000001"
    assert len(employee_id(long)) == LONGEST_CODE and employee_id(long) == employee_id(f" {long} ")
    assert employee_id("S1") == "S1" and employee_id("x" * LONGEST_CODE) == "x" * LONGEST_CODE


@pytest.mark.parametrize(
    ("code", "name", "theirs", "may_be"),
    [
        ("S1", "Sam Sideris", True, True),
        ("s1 ", "Samuel Sideris", True, True),
        ("S1", "Sam Newname", False, True),
        ("S1", "Otto Other", False, False),
        ("S2", "Sam Sideris", False, False),
    ],
)
def test_a_user_is_theirs_by_code_and_last_name_and_looked_at_by_any_name(
    code: str, name: str, theirs: bool, may_be: bool
) -> None:
    (new,) = _plan(SAM).new
    user = User("a", new.address, name, employee_id=code)
    assert microsoft_accounts.is_theirs(new, user) is theirs
    assert microsoft_accounts.may_be_theirs(new, user) is may_be


def test_r01_the_initial_password_has_what_microsoft_asks_for_and_80_bits() -> None:
    made = [initial_credentials.microsoft_password(b"k" * 32, str(uid)) for uid in range(2_000)]
    assert len(set(made)) == len(made)
    assert made[0].upper() != initial_credentials.initial_password(b"k" * 32, "0")
    kinds = (str.isupper, str.islower, str.isdigit, lambda letter: letter == "-")
    for password in made:
        assert sum(any(kind(letter) for letter in password) for kind in kinds) >= 3
        assert len(password.replace("-", "")) == 16 and not set(password.upper()) & set("ILOU")
