"""What a list is asked for, one button an answer: a press takes that answer out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import feedback, filters
from pages.shared.questions import Choice

LONGEST = 40
_SELECTED = Choice("selected", "Selection", {True: "only the selected", False: "only those not selected"}, kind="one")
_OF_CHECK = Choice("of_check", "Check", {"yes": "left out for one reason"}, kind="one")


@dataclass(frozen=True)
class Chip:
    """One answer. `value` is the one of many that it names, None when the whole question is answered by it."""

    field: str
    value: Any
    label: str


def of(asked: StudentFilter | AccountFilter, choices: Sequence[Choice]) -> list[Chip]:
    """What is asked for, in the order of the form."""
    text = [Chip("text", None, f"“{asked.text}”")] if asked.text else []
    all_of_them = (*choices, _SELECTED, _OF_CHECK)
    return [*text, *(chip for choice in all_of_them for chip in _of(choice, getattr(asked, choice.field)))]


def without(asked: StudentFilter | AccountFilter, chip: Chip) -> StudentFilter | AccountFilter:
    """The same without this answer."""
    now = getattr(asked, chip.field)
    if chip.value is not None:
        return replace(asked, **{chip.field: tuple(value for value in now if value != chip.value)})
    empty = next(field.default for field in fields(asked) if field.name == chip.field)
    return replace(asked, **{chip.field: empty})


def draw(name: str, asked: StudentFilter | AccountFilter, shown: Sequence[Chip]) -> None:
    """A button for each."""
    for chip in shown:
        st.button(
            feedback.plain(_short(chip.label)),
            key=f"{name}.chip.{chip.field}.{chip.value}",
            icon=":material/close:",
            icon_position="right",
            help="Take this out",
            on_click=filters.ask,
            args=(name, without(asked, chip)),
        )


def _of(choice: Choice, answer: Any) -> Iterator[Chip]:
    if choice.kind == "many":
        for value in answer:
            yield Chip(choice.field, value, f"{choice.label}: {choice.name_of(value)}")
    elif choice.kind == "day":
        if day := filters.day_of(answer):
            yield Chip(choice.field, None, f"{choice.label}: {day:%-d %b %Y}")
    elif answer not in ("", None):
        yield Chip(choice.field, None, f"{choice.label}: {choice.name_of(answer)}")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
