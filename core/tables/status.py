"""Account status: every number of the page, each with the list that shows exactly the people behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlmodel import Session

from core.models import UserType
from core.permissions import Actor
from core.rules.account_state import AccountState
from core.rules.headlines import STATES as HEADLINE_STATES
from core.rules.headlines import Headline
from core.tables import periods
from core.tables.filters import AccountFilter, StatusFilter, StudentFilter
from core.tables.status_facts import GROUPS, STATES
from core.tables.status_people import People
from core.tables.status_rows import EVERYBODY

ListFilter = StudentFilter | AccountFilter


@dataclass(frozen=True)
class Mark:
    """One number on a chart: in which row, of which series, and the list behind it."""

    row: str
    series: str
    number: int
    behind: ListFilter


@dataclass(frozen=True)
class HeadlineNumber:
    """One of the four numbers, and what it was a week ago."""

    headline: Headline
    number: int
    before: int
    behind: ListFilter


@dataclass(frozen=True)
class Asked:
    """The people whom a filter leaves, and how the lists are asked for some of them.

    `sections` are the classes that are shown, with their titles; `holds` says of everybody whether they are among them,
    `placed` whether they have a class in the year that is asked for, the current one when none is.
    """

    filter: StatusFilter
    people: People
    sections: Mapping[int, str]
    holds: Any
    placed: Any

    def count(self, mask: Any) -> int:
        """How many of them are among those, too."""
        return int(np.count_nonzero(self.holds & mask))

    def among(self, name: str, size: int) -> Any:
        """How many have each value of a column, from 0 on."""
        return np.bincount(self.people[name][self.holds], minlength=size + 1)

    def behind(self, **more: Any) -> ListFilter:
        """The filter of the list for these people of whom `more` is asked. Students without account are in theirs."""
        asked, states = self.filter, more.get("states", ())
        common: dict[str, Any] = {
            "section_ids": asked.section_ids,
            "grades": asked.grades,
            "period_id": asked.period_id,
            **more,
        }
        if self.people.of_list or tuple(states) == (AccountState.NO_ACCOUNT,):
            return StudentFilter(**common)
        types = () if asked.user_type == EVERYBODY else (asked.user_type,)
        return AccountFilter(user_types=types, **common)


def ask(db: Session, actor: Actor, *, people: People, filter: StatusFilter, sections: Mapping[int, str]) -> Asked:
    """Those of `people` whom the filter leaves. `sections`: the classes of its year that the actor may see."""
    holds = np.ones(people.size, bool)
    ties = people.ties
    if filter.grades:
        places = [people.grades.index(grade) + 1 for grade in filter.grades if grade in people.grades]
        holds &= ties.grades.of(places, people.size)
    if filter.section_ids:
        holds &= ties.classes.of(filter.section_ids, people.size)
    of_year = list(db.connection().scalars(periods.sections(filter.period_id)))
    placed = ties.classes.of(of_year, people.size) | ties.others.of(of_year, people.size)
    if filter.period_id is not None:
        holds &= placed
    filter = replace(filter, user_type=UserType.STUDENT) if people.of_list else filter
    return Asked(filter, people, sections, holds, placed)


def headlines(asked: Asked) -> list[HeadlineNumber]:
    """The four numbers with what they were a week ago."""
    states, before = asked.among("state", len(STATES)), asked.among("then", len(GROUPS))
    return [
        HeadlineNumber(
            headline,
            sum(int(states[STATES.index(state) + 1]) for state in HEADLINE_STATES[headline]),
            int(before[place]),
            asked.behind(states=tuple(state.value for state in HEADLINE_STATES[headline])),
        )
        for place, headline in enumerate(GROUPS, 1)
    ]


def total(asked: Asked) -> tuple[int, ListFilter]:
    """How many people there are in all; without those who have no account, where accounts are asked for."""
    if asked.people.of_list:
        return asked.count(True), asked.behind()
    return asked.count(asked.people["step"] > 0), asked.behind()
