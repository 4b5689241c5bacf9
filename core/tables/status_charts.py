"""The charts of Account status as plain marks: the page draws them, the PDF prints them, lists stand behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from core.rules import words
from core.rules.account_state import AccountState
from core.tables.status import Asked, Mark
from core.tables.status_facts import CHANNELS, REASONS, STATES, STEPS
from core.tables.status_ties import Pairs

Kind = Literal["stack", "bars", "lines"]
ClassOrder = Literal["fewest", "most", "name"]
# From those who are in to those who are not there yet: the order of the bars.
IN_ORDER = (
    *(AccountState.SIGNED_IN, AccountState.VERIFIED, AccountState.INVITED, AccountState.LINK_EXPIRED),
    *(AccountState.READY, AccountState.NOT_REACHABLE, AccountState.BOUNCED, AccountState.PENDING_PROVIDER),
    *(AccountState.LOCKED, AccountState.DEACTIVATED, AccountState.NO_ACCOUNT),
)
NO_GRADE, NO_CLASS = "No grade", "No class"
UNANSWERED = (AccountState.INVITED.value, AccountState.LINK_EXPIRED.value)
EVENTS = {"invited": "Invited", "verified": "Verified", "signed_in": "First sign-in"}
ADDRESSES = {
    "E-mail and mobile": (True, True),
    "E-mail, no mobile": (True, False),
    "Mobile, no e-mail": (False, True),
    "Neither": (False, False),
}
AGES = {"Less than 7 days": (6, None), "7 to 13 days": (13, 7), "14 days and more": (None, 14)}


@dataclass(frozen=True)
class Chart:
    """`rows` are the labels of its bars or days in their order, `series` those of its colours. `share`: of each row."""

    name: str
    title: str
    meaning: str
    kind: Kind
    rows: tuple[str, ...]
    series: tuple[str, ...]
    marks: tuple[Mark, ...]
    shares: tuple[float, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(mark.number for mark in self.marks)


@dataclass(frozen=True)
class _Row:
    """How many stand in each of STATES, and what the list is asked for them."""

    label: str
    numbers: Any
    where: Mapping[str, Any]


def states(asked: Asked) -> Chart:
    """All of them in one bar."""
    numbers = asked.among("state", len(STATES))
    marks = tuple(_state(asked, "", state, numbers[place]) for place, state in enumerate(STATES, 1) if numbers[place])
    return _stack("states", "States", "Everybody stands in exactly one state.", ("",), marks)


def grades(asked: Asked) -> Chart:
    """The states of each grade, and of those who have none."""
    known, ties = asked.people.grades, asked.people.ties.grades
    wanted = [grade for grade in known if not asked.filter.grades or grade in asked.filter.grades]
    table = _by_state(asked, ties, [known.index(grade) + 1 for grade in wanted])
    rows = [_Row(grade, numbers, {"grades": (grade,)}) for grade, numbers in zip(wanted, table, strict=True)]
    if not asked.filter.grades:
        rows.append(_Row(NO_GRADE, _states_of(asked, ~ties.anything(asked.people.size)), {"has_grade": False}))
    meaning = "The states in each grade; beside its name, the share that has signed in."
    return _by_row(asked, "grades", "By grade", meaning, [row for row in rows if row.numbers.any()])


def classes(asked: Asked, *, order: ClassOrder, first: int, most: int) -> tuple[Chart, int]:
    """The states of some classes from the `first` on, in an order, and how many classes there are.

    Beneath them always those who have no class this year; where classes are chosen, nobody is asked about them.
    """
    chosen = asked.filter.section_ids
    wanted = [section for section in asked.sections if not chosen or section in chosen]
    table = _by_state(asked, asked.people.ties.classes, wanted)
    sizes = table.sum(axis=1)
    shares = table[:, STATES.index(AccountState.SIGNED_IN)] / np.maximum(sizes, 1)
    places = np.flatnonzero(sizes)
    if order != "name":
        places = places[np.argsort(-shares[places] if order == "most" else shares[places], kind="stable")]
    shown = [(wanted[place], table[place]) for place in places[first : first + most]]
    rows = [_Row(asked.sections[section], numbers, {"section_ids": (section,)}) for section, numbers in shown]
    none = _states_of(asked, ~asked.placed)
    if none.any() and not chosen:
        rows.append(_Row(NO_CLASS, none, {"in_period": False}))
    meaning = "The states in each class; beside its name, the share that has signed in."
    return _by_row(asked, "classes", "By class", meaning, rows), len(places)


def funnel(asked: Asked) -> Chart:
    """How many have come to each step, or beyond it."""
    numbers = asked.among("step", len(STEPS))
    marks = [
        Mark(words.STEP[step], "", int(numbers[place:].sum()), asked.behind(came_to=step.value))
        for place, step in enumerate(STEPS, 1)
    ]
    meaning = "How far accounts have come. Delivered: accepted by the provider, or handed over, and not returned."
    return _bars("funnel", "From created to signed in", meaning, marks)


def days(asked: Asked) -> Chart:
    """What happened on each of the last days."""
    marks = list[Mark]()
    for event, label in EVENTS.items():
        numbers = asked.among(event, len(asked.people.days))
        for day, number in zip(asked.people.days, numbers[1:], strict=True):
            marks.append(Mark(day.isoformat(), label, int(number), asked.behind(**_on(event, day))))
    rows, series = tuple(day.isoformat() for day in asked.people.days), tuple(EVENTS.values())
    meaning = "Of the last four weeks. An account counts on the day of its latest invitation."
    return Chart("days", "Day by day", meaning, "lines", rows, series, tuple(marks))


def channels(asked: Asked) -> Chart:
    """By which channel the latest invitation went."""
    numbers = asked.among("channel", len(CHANNELS))
    marks = [
        Mark(words.CHANNEL[channel], "", int(numbers[place]), asked.behind(channels=(channel.value,)))
        for place, channel in enumerate(CHANNELS, 1)
    ]
    meaning = "Each by the channel of the latest invitation, for as long as that is kept."
    return _bars("channels", "How they were invited", meaning, marks)


def failures(asked: Asked) -> Chart:
    """Why the latest message failed."""
    numbers = asked.among("failure", len(REASONS))
    marks = [
        Mark(_sentence(words.FAILURE_REASON[reason]), "", int(numbers[place]), asked.behind(failures=(reason.value,)))
        for place, reason in enumerate(REASONS, 1)
        if numbers[place]
    ]
    return _bars("failures", "Why messages failed", "Of those whose latest message failed.", marks)


def ageing(asked: Asked) -> Chart:
    """For how long invitations have had no answer."""
    people, today = asked.people, asked.people.days[-1]
    unanswered = np.isin(people["state"], [STATES.index(AccountState(state)) + 1 for state in UNANSWERED])
    marks = []
    for label, (oldest, youngest) in AGES.items():
        back = len(people.days) - people["invited"]  # days ago; the beginning of the days stands for all before
        within = unanswered & (back >= (youngest or 0)) & (back <= (len(people.days) if oldest is None else oldest))
        after = {} if oldest is None else {"invited_after": (today - timedelta(days=oldest)).isoformat()}
        before = {} if youngest is None else {"invited_before": (today - timedelta(days=youngest)).isoformat()}
        marks.append(Mark(label, "", asked.count(within), asked.behind(states=UNANSWERED, **after, **before)))
    meaning = "Invitations that nobody has used so far, by the time since the latest one."
    return _bars("ageing", "Waiting for an answer", meaning, marks)


def addresses(asked: Asked) -> Chart:
    """Who has an e-mail for invitations, a mobile, both, or neither."""
    people = asked.people
    there = people["step"] > 0 if not people.of_list else np.ones(people.size, bool)
    marks = [
        Mark(
            label,
            "",
            asked.count(there & (people["email"] == email) & (people["mobile"] == mobile)),
            asked.behind(has_email=email, has_mobile=mobile),
        )
        for label, (email, mobile) in ADDRESSES.items()
    ]
    return _bars("addresses", "How they can be reached", "Usable addresses of their own, whatever their state.", marks)


# All but the classes, which come some at a time and in an order.
DRAWN = (states, funnel, days, grades, ageing, addresses, channels, failures)


def _by_state(asked: Asked, pairs: Pairs, values: Sequence[int]) -> Any:
    """How many of each value (a row) stand in each state (a column)."""
    kept = asked.holds[pairs.people]
    places = np.full(max(0, int(pairs.values.max(initial=0)), *values) + 1, -1)
    places[list(values)] = np.arange(len(values))
    rows = places[pairs.values[kept]]
    column = asked.people["state"][pairs.people[kept]] - 1
    size, seen = len(STATES), rows >= 0
    return np.bincount(rows[seen] * size + column[seen], minlength=len(values) * size).reshape(-1, size)


def _states_of(asked: Asked, mask: Any) -> Any:
    """How many of those stand in each state."""
    return np.bincount(asked.people["state"][asked.holds & mask] - 1, minlength=len(STATES))


def _by_row(asked: Asked, name: str, title: str, meaning: str, rows: Sequence[_Row]) -> Chart:
    marks = tuple(
        _state(asked, row.label, state, number, **row.where)
        for row in rows
        for state, number in zip(STATES, row.numbers, strict=True)
        if number
    )
    signed_in = STATES.index(AccountState.SIGNED_IN)
    shares = tuple(float(row.numbers[signed_in] / row.numbers.sum()) for row in rows)
    return _stack(name, title, meaning, tuple(row.label for row in rows), marks, shares)


def _state(asked: Asked, row: str, state: AccountState, number: Any, **where: Any) -> Mark:
    return Mark(row, state.value, int(number), asked.behind(states=(state.value,), **where))


def _stack(
    name: str, title: str, meaning: str, rows: tuple[str, ...], marks: tuple[Mark, ...], shares: tuple[float, ...] = ()
) -> Chart:
    seen = {mark.series for mark in marks}
    return Chart(
        name, title, meaning, "stack", rows, tuple(s.value for s in IN_ORDER if s.value in seen), marks, shares
    )


def _bars(name: str, title: str, meaning: str, marks: Sequence[Mark]) -> Chart:
    return Chart(name, title, meaning, "bars", tuple(mark.row for mark in marks), ("",), tuple(marks))


def _on(event: str, day: date) -> dict[str, str]:
    return {f"{event}_after": day.isoformat(), f"{event}_before": day.isoformat()}


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}"
