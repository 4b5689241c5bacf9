"""What Account status counts: a few small facts of everybody whom the actor may see.

The facts are those that the lists ask for, in the same words of SQL, so that numbers and lists agree. Nobody's name or
id is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlmodel import Session

from core.models import UserType
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.headlines import STATES as HEADLINE_STATES
from core.rules.headlines import Headline
from core.tables import conditions, options, status_facts, status_rows
from core.tables import status_ties as ties
from core.tables.conditions import Given
from core.tables.packed import Numbers, Rows
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
    """

    of_list: bool
    days: tuple[date, ...]
    grades: tuple[str, ...]
    columns: Rows
    ties: Ties

    def __getitem__(self, name: str) -> Numbers:
        return self.columns[name]

    @property
    def size(self) -> int:
        return len(self.columns["state"])


def read(db: Session, actor: Actor, *, user_type: str) -> People:
    """Everybody of the type; of everybody for EVERYBODY. Whoever sees no accounts is shown students."""
    actor.require(Permission.SEE_STATUS)
    of_list = is_of_list(actor, user_type)
    given, grades = conditions.given(db), tuple(options.grades(db, actor))
    days = last_days(given)
    people, accounts = status_facts.of_person(given, grades), status_facts.of_account(db, given, days)
    asked = status_rows.Asked(
        *(UserType.STUDENT if of_list else user_type, people, accounts),
        both=lambda: status_facts.of_both(db, given, grades, days),
    )
    rows, tied = status_rows.read(db, actor, asked, *ties.reads(actor, grades=grades, with_wards=not of_list))
    found = _of_both(rows)
    found |= {name: _day_of(found[name], days, given) for name in ("invited", "verified", "signed_in")}
    return People(of_list, days, grades, found, ties.of(found, *tied))


def is_of_list(actor: Actor, user_type: str) -> bool:
    """Whether the numbers are of the Students List: of students, and for whoever sees no accounts."""
    return user_type == UserType.STUDENT or not actor.may(Permission.SEE_ACCOUNTS)


def last_days(given: Given) -> tuple[date, ...]:
    """The days of the daily lines in the school's zone, today the last."""
    today = given.now.astimezone(given.zone).date()
    return tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))


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
