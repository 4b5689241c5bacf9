"""Classes go up: numbers, letters, names without a grade; the last grade leaves."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import InputProblem
from core.rules.promotion import Class, Step, a_year_later, checked, propose


def classes(*named: tuple[str, str]) -> list[Class]:
    return [Class(number, title, grade, "", 25) for number, (title, grade) in enumerate(named, 1)]


@pytest.mark.parametrize(
    ("school", "after"),
    [
        ([("7B", "7"), ("8A", "8")], [("8B", "8"), None]),
        ([("9C", "9"), ("10A", "10"), ("12B", "12")], [("10C", "10"), ("11A", "11"), None]),
        ([("Grade 1 Blue", "1"), ("Grade 2 Red", "2")], [("Grade 2 Blue", "2"), None]),
        ([("Α1", "Α"), ("Β2", "Β"), ("Γ1", "Γ")], [("Β1", "Β"), ("Γ2", "Γ"), None]),
        ([("Wolves", "3"), ("Bears", "4")], [("Wolves", "4"), None]),
        ([("Choir", ""), ("7A", "7"), ("8A", "8")], [("Choir", ""), ("8A", "8"), None]),
    ],
)
def test_a_class_goes_up_by_its_grade_and_the_last_one_leaves(
    school: list[tuple[str, str]], after: list[tuple[str, str] | None]
) -> None:
    found = [None if step.leaves else (step.title, step.grade) for step in propose(classes(*school))]
    assert found == after


def test_a_table_that_was_changed_by_hand_is_read_or_refused_with_a_sentence() -> None:
    known = classes(("7A", "7"), ("7B", "7"))
    both = (Step(1, " 8A ", "8"), Step(2, "8A", "8"))
    assert [step.title for step in checked(both, known)] == ["8A", "8A"]  # two classes become one
    with pytest.raises(InputProblem, match="Where does 7B go"):
        checked((Step(1, "8A", "8"), Step(2)), known)
    with pytest.raises(InputProblem, match="have changed"):
        checked((Step(1, "8A", "8"),), known)
    with pytest.raises(InputProblem, match="have changed"):
        checked((Step(1, "8A", "8"), Step(1, "8A", "8")), known)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 9, 1), date(2027, 9, 1)),
        (date(2027, 9, 1), date(2028, 9, 1)),  # a 29 February lies between
        (date(2027, 6, 30), date(2028, 6, 30)),
        (date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_the_next_year_begins_and_ends_on_the_same_days(day: date, later: date) -> None:
    assert a_year_later(day) == later
