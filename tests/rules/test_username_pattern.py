"""Patterns of usernames: tokens, letters, faults with their place, names in any script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputProblem
from core.rules import username_pattern, usernames

_TOKENS = st.sampled_from(["FirstName", "LASTNAME", "code", "Year", "Year(2)", "FirstName(1)", "LastName(5)", "x", "."])


def _stem(text: str, first: str = "Μαρία", last: str = "Παπαδοπούλου", code: str = "S-17") -> str:
    return username_pattern.stem(username_pattern.read(text, year=2026), first_name=first, last_name=last, code=code)


@pytest.mark.parametrize(
    ("text", "username"),
    [
        ("FirstName(1)LastName", "mpapadopoulou"),
        ("firstname.LASTNAME(4)", "maria.papa"),
        ("LastName(3)FirstName(2)Year(2)", "papma26"),
        ("st-Code", "st-s17"),
        ("Code(1)_Year", "s_2026"),
        ("Year(4)LastName( 2 )", "2026pa"),
        ("  FirstName  ", "maria"),
    ],
)
def test_tokens_are_filled_and_letters_stay(text: str, username: str) -> None:
    assert _stem(text) == username


@pytest.mark.parametrize(
    ("first", "last", "username"),
    [("Sam", "", "sam.2026"), ("", "Sideris", "sideris.2026"), ("李", "王", "s17"), ("Ευγενία", "李", "evgenia.2026")],
)
def test_a_missing_name_leaves_no_dots_behind_and_no_name_at_all_gives_the_code(
    first: str, last: str, username: str
) -> None:
    assert _stem("FirstName(1).LastName.Year", first, last) == username


def test_where_nothing_at_all_can_be_written_there_is_still_a_username() -> None:
    assert _stem("FirstName(1)LastName", "李", "王", code="王") == "user"


def test_a_username_is_cut_at_forty_characters() -> None:
    assert _stem("FirstName.LastName", "a" * 39, "b" * 60) == "a" * 39


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("FirstName(1) LastName", "character 13"),
        ("FirstName(0)LastName", "FirstName(0)"),
        ("FirstName(99)", "99"),
        ("Year(3)Code", "Year(3)"),
        ("FristName(1)LastName", "“FristName”, from character 1"),
        ("Code.LstName", "“LstName”, from character 6"),
        ("Code!", "“!”, character 5"),
        ("Κωδικός", "“Κ”, character 1"),
        ("Code<script>", "character 5"),
        (".Code", "character 1"),
        ("Code-", "character 5"),
        ("Code(1", "“Code”"),
        ("school2026", "same username"),
        ("Year", "same username"),
        ("", "1 to 100"),
        ("Code" * 40, "1 to 100"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, place: str) -> None:
    with pytest.raises(InputProblem) as problem:
        username_pattern.read(text)
    assert place in str(problem.value)
    assert problem.value.field == "username_pattern" and problem.value.hint


@pytest.mark.parametrize(
    ("typed", "kept"), [("@Pupils.School.example", "@pupils.school.example"), (" .gr", ".gr"), ("", ""), ("_st", "_st")]
)
def test_an_ending_is_kept_in_small_letters(typed: str, kept: str) -> None:
    assert username_pattern.ending(typed) == kept


@pytest.mark.parametrize("typed", ["@", "a b", "@σχολείο.gr", "@a..b", "@@x", "x" * 61, ".", "<b>"])
def test_an_ending_that_cannot_be_is_refused(typed: str) -> None:
    with pytest.raises(InputProblem) as problem:
        username_pattern.ending(typed)
    assert problem.value.field == "username_suffix"


def test_the_number_of_a_taken_username_stands_before_the_ending() -> None:
    taken: dict[str, int] = {}
    made = [usernames.next_free("mp", taken, suffix="@school.example") for _ in range(3)]
    assert made == ["mp@school.example", "mp2@school.example", "mp3@school.example"]


@given(st.lists(_TOKENS, min_size=1, max_size=6), st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_whatever_the_pattern_and_the_name_a_username_can_be_typed(
    tokens: list[str], first: str, last: str, code: str
) -> None:
    try:
        pattern = username_pattern.read("".join(tokens), year=2026)
    except InputProblem:
        return
    name = username_pattern.stem(pattern, first_name=first, last_name=last, code=code)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?", name)
    assert usernames.key(name) == name


@given(st.text(max_size=120))
def test_any_text_is_either_a_pattern_or_told_what_is_wrong(text: str) -> None:
    try:
        username_pattern.read(text)
    except InputProblem as problem:
        assert problem.hint


@given(st.lists(st.sampled_from(["ab", "ab2", "ab22", "a"]), max_size=40))
def test_no_two_people_get_the_same_username(wanted: list[str]) -> None:
    taken: dict[str, int] = {}
    made = [usernames.next_free(name, taken, suffix=".gr") for name in wanted]
    assert len(set(made)) == len(made)
