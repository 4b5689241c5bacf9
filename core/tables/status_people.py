"""What Account status counts: a few small facts of everybody whom the actor may see, read in one go.

The facts are those that the lists ask for, in the same words of SQL, so that numbers and lists agree. Nobody's name or
id is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Channel, FailureReason, MessageStatus, Person, PersonKind, UserType
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.account_steps import Step
from core.rules.headlines import COMPARED_WITH, Headline
from core.rules.headlines import STATES as HEADLINE_STATES
from core.tables import account_state, account_steps, conditions, headlines, options, packed, reachability, scope
from core.tables import status_ties as ties
from core.tables.conditions import Given
from core.tables.packed import Numbers
from core.tables.search import is_sqlite
from core.tables.status_ties import Ties

DAYS = 28
STATES, STEPS, GROUPS = tuple(AccountState), tuple(Step), tuple(Headline)
REASONS, CHANNELS = tuple(FailureReason), tuple(Channel)
EVERYBODY = "all"
_QUARTER = 15 * 60  # days begin at one in every zone
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
    columns: dict[str, Numbers]
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
    facts = _facts(db, given, days, grades)
    if of_list:
        found = _read(db, _students(actor, facts), grades)
    else:
        found = _read(db, _accounts(actor, facts, user_type), grades)
        if user_type == EVERYBODY:
            others = _read(db, _students(actor, facts).where(sa.not_(col(Person.has_account))), grades)
            found = {name: np.concatenate((column, others[name])) for name, column in found.items()}
    for name in ("invited", "verified", "signed_in"):
        found[name] = _day_of(found[name], days, given)
    found["then"] = np.where(found["then"] > len(GROUPS), _GROUP_OF[found["state"]], found["then"])
    return People(of_list, days, grades, found, ties.read(db, actor, found, grades=grades, with_wards=not of_list))


def is_of_list(actor: Actor, user_type: str) -> bool:
    """Whether the numbers are of the Students List: of students, and for whoever sees no accounts."""
    return user_type == UserType.STUDENT or not actor.may(Permission.SEE_ACCOUNTS)


def last_days(given: Given) -> tuple[date, ...]:
    """The days of the daily lines in the school's zone, today the last."""
    today = given.now.astimezone(given.zone).date()
    return tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))


def _students(actor: Actor, facts: list[Any]) -> sa.Select[Any]:
    rows = sa.select(*facts).select_from(Person).outerjoin(Account, col(Account.person_id) == col(Person.id))
    return _walked(actor, rows.where(col(Person.kind) == PersonKind.STUDENT, scope.people(actor)))


def _accounts(actor: Actor, facts: list[Any], user_type: str) -> sa.Select[Any]:
    rows = sa.select(*facts).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    asked = [] if user_type == EVERYBODY else [col(Account.user_type) == user_type]
    return _walked(actor, rows.where(scope.people(actor), *asked))


def _walked(actor: Actor, rows: sa.Select[Any]) -> sa.Select[Any]:
    """Of everybody, from the indexes that hold all that is asked; of some classes, SQLite finds its own way."""
    if not actor.scope.everybody:
        return rows
    rows = rows.with_hint(Person, "INDEXED BY person_for_status", "sqlite")
    return rows.with_hint(Account, "INDEXED BY account_for_status", "sqlite")


def _facts(db: Session, given: Given, days: tuple[date, ...], grades: tuple[str, ...]) -> list[Any]:
    start, end = conditions.start_of(days[0], given.zone), conditions.start_of(_after(days), given.zone)
    failed = col(Account.delivery) == MessageStatus.FAILED
    reason = packed.number_of(col(Account.delivery_reason), REASONS)
    then, unchanged = given.now - COMPARED_WITH, len(GROUPS) + 1
    before = packed.number_of(headlines.at(then, given.policy), GROUPS)
    asked: dict[str, Any] = {
        "person": col(Person.id),
        "state": packed.number_of(account_state.state(given.now, given.policy), STATES),
        "then": sa.case((headlines.has_changed_since(then), before), else_=unchanged),
        "step": packed.number_of(account_steps.latest(), STEPS),
        "email": _flag(reachability.has_email_address(given.policy)),
        "mobile": _flag(reachability.has_mobile(given.policy)),
        "failure": sa.case((failed, reason), else_=0),
        "channel": packed.number_of(account_steps.latest_channel(), CHANNELS),
        "grade": packed.number_of(col(Person.grade), grades),
        "section": sa.func.coalesce(col(Person.section_id), 0),
        "student": _flag(col(Person.kind) == PersonKind.STUDENT),
        "invited": _quarter(db, Account.invited_at, start, end),
        "verified": _quarter(db, Account.verified_at, start, end),
        "signed_in": _quarter(db, Account.first_sign_in_at, start, end),
    }
    return [value.label(name) for name, value in asked.items()]


def _read(db: Session, rows: sa.Select[Any], grades: tuple[str, ...]) -> dict[str, Numbers]:
    small = {"state": 4, "then": 3, "step": 3, "email": 1, "mobile": 1, "failure": 4, "channel": 3, "student": 1}
    large = {"grade": max(1, len(grades).bit_length()), "section": 31, "invited": 12, "verified": 12, "signed_in": 12}
    return packed.read_by_halves(db, rows, key=col(Person.id), person=31, **small, **large)


def _flag(holds: Any) -> sa.ColumnElement[int]:
    return sa.case((holds, 1), else_=0)


def _quarter(db: Session, column: Any, start: datetime, end: datetime) -> sa.ColumnElement[int]:
    """The quarter of an hour in which it was, from 1 where the first day begins; 0 for before, after and never."""
    moment = col(column)
    seconds = sa.func.strftime("%s", moment) if is_sqlite(db) else sa.func.floor(sa.extract("epoch", moment))
    since = sa.cast(seconds, sa.BigInteger) - int(start.timestamp())
    return sa.case((sa.and_(moment >= start, moment < end), since // _QUARTER + 1), else_=0)


def _day_of(quarters: Numbers, days: tuple[date, ...], given: Given) -> Numbers:
    """On which day each was; days have 23 to 25 hours."""
    begins = [conditions.start_of(day, given.zone).timestamp() for day in days]
    first = np.array([(begin - begins[0]) // _QUARTER + 1 for begin in begins], np.int64)
    return np.searchsorted(first, quarters, side="right")


def _after(days: tuple[date, ...]) -> date:
    return days[-1] + timedelta(days=1)
