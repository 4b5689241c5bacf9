"""Where there are too many classes to leaf through, their names are typed."""

from __future__ import annotations

import pytest

from core.errors import InputProblem
from pages.shared import questions
from pages.shared.questions import Choice

CLASSES = {1: "7B, North", 2: "7B, South", 3: "8A"}


@pytest.fixture
def classes(monkeypatch: pytest.MonkeyPatch) -> Choice:
    monkeypatch.setattr(questions, "OFFERED_AT_MOST", 2)
    return Choice("section_ids", "Class", CLASSES)


def test_a_typed_name_means_every_class_of_that_name(classes: Choice) -> None:
    assert classes.meant([" 7b ", "8A"]) == [1, 2, 3]


def test_a_name_with_its_school_means_that_one(classes: Choice) -> None:
    assert classes.meant(["7B, South"]) == [2]


def test_a_class_that_was_asked_before_stays(classes: Choice) -> None:
    assert classes.meant([3, "8a"]) == [3]


def test_an_unknown_name_is_refused_with_its_name(classes: Choice) -> None:
    with pytest.raises(InputProblem, match="There is no class “7Q”"):
        classes.meant(["7Q"])


def test_few_classes_are_offered_as_they_are() -> None:
    assert not Choice("section_ids", "Class", CLASSES).is_typed
