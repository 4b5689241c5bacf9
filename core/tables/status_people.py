"""What Account status counts: a few small facts of everybody whom the actor may see.

The facts are those that the lists ask for, in the same words of SQL, so that numbers and lists agree. Nobody's name is
kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
from sqlmodel import Session

from core.models import UserType
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.headlines import COMPARED_WITH, Headline
from core.rules.headlines import STATES as HEADLINE_STATES
from core.tables import conditions, options, status_facts, status_rows
from core.tables import status_ties as ties
from core.tables.conditions import Given
from core.tables.packed import Numbers, Rows
from core.tables.places import Places
from core.tables.status_facts import BY_EMAIL, GROUPS, QUARTER, STATES, UNCHANGED
from core.tables.status_ties import Ties

DAYS = 28
_READY, _NOT_REACHABLE, _NO_ACCOUNT = (
    STATES.index(state) + 1 for state in (AccountState.READY, AccountState.NOT_REACHABLE, AccountState.NO_ACCOUNT)
)
_UNREACHABLE = GROUPS.index(Headline.UNREACHABLE) + 1
_GROUP_OF = np.array(
    [
        0,
        *(
            next((place for place, group in enumerate(GROUPS, 1) if state in HEADLINE_STATES[group]), 0)
            for state in STATES
        ),
    ]
)


@dataclass(frozen=True)
class People:
    """One entry a person in each column; the values are places in the tuples above, from 1, and 0 is none.

    `invited`, `verified`, `signed_in`: on which of the last days, from 1. `of_list`: whether they are the students of
    the Students List; else they are the accounts of User Accounts, and with EVERYBODY the students without one too.
    `given`: as it was when all of them were read.
    """

    user_type: str
    given: Given
    days: tuple[date, ...]
    grades: tuple[str, ...]
    columns: Rows
    ties: Ties

    def __getitem__(self, name: str) -> Numbers:
        return self.columns[name]

    @property
    def of_list(self) -> bool:
        return self.user_type == UserType.STUDENT

    @property
    def size(self) -> int:
        return len(self.columns["state"])


def read(db: Session, actor: Actor, *, user_type: str) -> People:
    """Everybody of the type; of everybody for EVERYBODY. Whoever sees no accounts is shown students."""
    actor.require(Permission.SEE_STATUS)
    given, grades, of_list = conditions.given(db), tuple(options.grades(db, actor)), is_of_list(actor, user_type)
    days, then = last_days(given), a_week_before(given.now)
    asked = status_rows.Asked(
        *(UserType.STUDENT if of_list else user_type, status_facts.of_person(given, grades)),
        *(status_facts.of_account(db, given, then, days), partial(status_facts.of_both, db, given, then, grades, days)),
    )
    rows, tied = status_rows.read(db, actor, asked, *ties.reads(actor, grades=grades, with_wards=not of_list))
    found = _found(rows, days, given)
    return People(asked.user_type, given, days, grades, found, ties.of(found, *tied))


def read_again(db: Session, actor: Actor, people: People, *, ids: Sequence[int], now: datetime) -> People | None:
    """With these persons as they are now; None where one of them does not belong to the others any more."""
    given, then = replace(people.given, now=now), a_week_before(people.given.now)
    facts = status_facts.of_both(db, given, then, people.grades, people.days)
    found = _found(status_rows.some(db, actor, people.user_type, facts, ids=ids), people.days, given)
    known = np.flatnonzero(np.isin(people["person"], np.array(ids, np.int64)))
    at, is_known = Places(people["person"][known]).of(found["person"])
    if len(at) < len(known):
        return None
    where = np.full(len(is_known), -1)
    where[is_known], where[~is_known] = known[at], people.size + np.arange(int((~is_known).sum()))
    columns = {name: _with(column, where, found[name]) for name, column in people.columns.items()}
    tied = ties.some(db, actor, found, grades=people.grades, with_wards=not people.of_list, ids=ids)
    return replace(people, columns=columns, ties=people.ties.again(tied, where, len(columns["person"])))


def is_of_list(actor: Actor, user_type: str) -> bool:
    """Whether the numbers are of the Students List: of students, and for whoever sees no accounts."""
    return user_type == UserType.STUDENT or not actor.may(Permission.SEE_ACCOUNTS)


def a_week_before(now: datetime) -> datetime:
    """The moment with which the headlines compare: by the hour, so that all who look then compare with the same."""
    return (now - COMPARED_WITH).replace(minute=0, second=0, microsecond=0)


def last_days(given: Given) -> tuple[date, ...]:
    """The days of the daily lines in the school's zone, today the last."""
    today = given.now.astimezone(given.zone).date()
    return tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))


def _with(column: Numbers, where: Numbers, values: Numbers) -> Numbers:
    """Others may be looking at the column: so it is a new one, unless nothing of it has changed."""
    if np.all(where < len(column)) and np.array_equal(column[where], values):
        return column
    changed = np.concatenate((column, np.zeros(int((where >= len(column)).sum()), column.dtype)))
    changed[where] = values
    return changed


def _found(rows: Rows, days: tuple[date, ...], given: Given) -> Rows:
    found = _of_both(rows)
    return found | {name: _day_of(found[name], days, given) for name in ("invited", "verified", "signed_in")}


def _of_both(rows: Rows) -> Rows:
    """With what follows from the person and the account together."""
    reachable = rows["reach"] > 0
    state = np.where(rows["account"] > 0, rows["state"], _NO_ACCOUNT)
    state = np.where((state == _READY) & ~reachable, _NOT_REACHABLE, state)
    before = np.where((rows["then"] == _UNREACHABLE) & reachable, 0, rows["then"])
    then = np.where(before == UNCHANGED, _GROUP_OF[state], before)
    return rows | {"state": state, "then": then, "email": rows["reach"] == BY_EMAIL}


def _day_of(quarters: Numbers, days: tuple[date, ...], given: Given) -> Numbers:
    """On which day each was; days have 23 to 25 hours."""
    begins = [conditions.start_of(day, given.zone).timestamp() for day in days]
    first = np.array([(begin - begins[0]) // QUARTER + 1 for begin in begins], np.int64)
    return np.searchsorted(first, quarters, side="right")
