"""Who is who in Microsoft's directory: what is certain, what is likely, and what never is more."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import directory_match
from core.rules.directory_match import AT_MOST, Certainty, Match, Reason
from core.rules.directory_users import SchoolMember, User

SAM = SchoolMember(1, "Sam", "Sideris", "S1", "sam@school.example")
CERTAIN, LIKELY = Certainty.CERTAIN, Certainty.LIKELY


def _user(key: str, given: str = "", surname: str = "", *, code: str = "", address: str = "", mail: str = "") -> User:
    return User(key, address or f"{key}@other.example", f"{given} {surname}".strip(), given, surname, code, mail)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (_user("a", "Sam", "Sideris", code="S1"), (CERTAIN, Reason.CODE_AND_NAME)),
        (_user("a", "SAM", "SIDERIS", code=" s1 "), (CERTAIN, Reason.CODE_AND_NAME)),
        (_user("a", "Samuel", "Sideris", code="S1"), (CERTAIN, Reason.CODE_AND_NAME)),
        (_user("a", "Sam", "Newname", code="S1"), (LIKELY, Reason.CODE)),
        (_user("a", "Otto", "Other", code="S1"), (LIKELY, Reason.CODE)),
        (_user("a", code="S1"), (LIKELY, Reason.CODE)),
        (_user("a", "Sam", "Sideris", address="SAM@school.example"), (CERTAIN, Reason.ADDRESS_AND_NAME)),
        (_user("a", "Sam", "Sideris", mail="sam@school.example"), (CERTAIN, Reason.ADDRESS_AND_NAME)),
        (_user("a", "Sam", "Other", address="sam@school.example"), (LIKELY, Reason.ADDRESS)),
        (_user("a", "Sam", "Sideris"), (LIKELY, Reason.NAME)),
        (_user("a", "Sideris", "Sam"), (LIKELY, Reason.NAME)),
        (_user("a", "Samantha", "Sideris"), None),
        (_user("a", "Sam", ""), None),
        (_user("a"), None),
    ],
)
def test_what_agrees_decides_how_sure_it_is(user: User, expected: tuple[Certainty, Reason] | None) -> None:
    found = directory_match.match([SAM], [user])
    assert [(match.certainty, match.reason) for match in found] == ([expected] if expected else [])


def test_r28_an_address_alone_is_never_certain() -> None:
    """Sam's old address went to somebody else: nothing but the address says that they are one."""
    (found,) = directory_match.match([SAM], [_user("a", "Stella", "Stranger", address="sam@school.example")])
    assert found.certainty is LIKELY


@pytest.mark.parametrize(
    ("first", "last", "given", "surname"),
    [
        ("Μαρία", "Παπαδοπούλου", "Maria", "Papadopoulou"),
        ("Zoë", "O'Brien", "Zoe", "O’Brien"),
        ("Anna Maria", "von Berg", "Anna", "von Berg"),
        ("Anne", "Smith-Jones", "Anne", "Smith Jones"),
        ("محمد", "علي", "محمد", "علي"),
    ],
)
def test_names_agree_across_alphabets_accents_and_further_names(
    first: str, last: str, given: str, surname: str
) -> None:
    (found,) = directory_match.match([SchoolMember(1, first, last, "S1")], [_user("a", given, surname)])
    assert found == Match(1, "a", LIKELY, Reason.NAME)


def test_a_display_name_is_enough_where_it_is_all_there_is() -> None:
    (found,) = directory_match.match([SAM], [User("a", "x@y.example", "Sideris, Sam")])
    assert found.reason is Reason.NAME


def test_a_code_that_two_people_share_makes_nobody_certain() -> None:
    twin = SchoolMember(2, "Sam", "Sideris", "S1")
    found = directory_match.match([SAM, twin], [_user("a", "Sam", "Sideris", code="S1")])
    assert {(match.person_id, match.certainty) for match in found} == {(1, LIKELY), (2, LIKELY)}


def test_a_code_that_two_users_share_makes_nobody_certain() -> None:
    users = [_user("a", "Sam", "Sideris", code="S1"), _user("b", "Sam", "Sideris", code="S1")]
    assert {match.certainty for match in directory_match.match([SAM], users)} == {LIKELY}


def test_a_code_and_an_address_that_lead_to_different_users_make_nobody_certain() -> None:
    users = [_user("a", "Sam", "Sideris", code="S1"), _user("b", "Sam", "Sideris", address="sam@school.example")]
    found = directory_match.match([SAM], users)
    assert {(match.object_id, match.certainty) for match in found} == {("a", LIKELY), ("b", LIKELY)}


def test_who_is_certainly_somebody_is_proposed_to_nobody_of_the_same_name() -> None:
    namesake = SchoolMember(2, "Sam", "Sideris", "S2")
    found = directory_match.match([SAM, namesake], [_user("a", "Sam", "Sideris", code="S1")])
    assert found == [Match(1, "a", CERTAIN, Reason.CODE_AND_NAME)]


def test_who_bears_anothers_code_is_not_proposed_by_name_and_by_address_only_as_likely() -> None:
    other = SchoolMember(2, "Otto", "Other", "S2")
    bears = _user("a", "Sam", "Sideris", code="S2", address="sam@school.example")
    found = directory_match.match([SAM, other], [bears])
    assert {(match.person_id, match.certainty, match.reason) for match in found} == {
        (1, LIKELY, Reason.ADDRESS),
        (2, LIKELY, Reason.CODE),
    }


def test_of_a_name_that_many_bear_a_few_are_proposed_and_the_next_when_these_were_rejected() -> None:
    users = [_user(f"u{number}", "Sam", "Sideris") for number in range(AT_MOST + 2)]
    found = directory_match.match([SAM], users)
    assert len(found) == AT_MOST and {one.certainty for one in found} == {LIKELY}
    rejected = {(one.person_id, one.object_id) for one in found}
    left = directory_match.match([SAM], users, rejected=rejected)
    assert {one.object_id for one in found + left} == {user.object_id for user in users} and len(left) == 2


_FEW = st.sampled_from
_PEOPLE = st.lists(st.tuples(_FEW(["Sam", "Max"]), _FEW(["A", "B"]), _FEW(["S1", "S2", "S3"]), _FEW(["", "x@y.z"])))
_USERS = st.lists(st.tuples(_FEW(["Sam", "Max", ""]), _FEW(["A", "B"]), _FEW(["S1", "S2", ""]), _FEW(["x@y.z", "q@y"])))


@given(_PEOPLE, _USERS)
def test_certain_is_always_one_to_one_and_leaves_nothing_else_for_either(
    people: list[tuple[str, ...]], users: list[tuple[str, ...]]
) -> None:
    sought = [SchoolMember(number, *person) for number, person in enumerate(people)]
    directory = [_user(f"u{n}", given, last, code=code, address=at) for n, (given, last, code, at) in enumerate(users)]
    found = directory_match.match(sought, directory)
    persons, objects = Counter(one.person_id for one in found), Counter(one.object_id for one in found)
    for one in found:
        if one.certainty is CERTAIN:
            assert persons[one.person_id] == objects[one.object_id] == 1
            assert one.reason in (Reason.CODE_AND_NAME, Reason.ADDRESS_AND_NAME)
