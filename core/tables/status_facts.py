"""The facts that Account status asks of each person and of each account, in the words of SQL that the lists use.

Each speaks of the one table or the other, so that both can be walked apart (status_rows). What follows from both
together is left to status_people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Channel, FailureReason, MessageStatus, Person, PersonKind, UserType
from core.rules.account_state import AccountState
from core.rules.account_steps import Step
from core.rules.headlines import Headline
from core.tables import account_state, account_steps, conditions, headlines, packed, reachability
from core.tables.conditions import Given
from core.tables.search import is_sqlite

STATES, STEPS, GROUPS = tuple(AccountState), tuple(Step), tuple(Headline)
REASONS, CHANNELS = tuple(FailureReason), tuple(Channel)
UNCHANGED = len(GROUPS) + 1  # stands where it stood a week ago
BY_NUMBER, BY_EMAIL = 1, 2  # how somebody is reached at all, by e-mail where there is one
QUARTER = 15 * 60  # days begin at one in every zone
_DAYS_BEFORE_1970 = 2440587.5  # as SQLite counts them, to the millisecond
_HALF_A_MS = 0.0005 / QUARTER  # more than a day as a floating number is wrong by
Facts = dict[str, tuple[Any, int]]  # what is asked, and how many bits its answer has


def of_person(given: Given, grades: Sequence[str]) -> Facts:
    """`reach` as it is where the account is of the type that people of the kind have."""
    return {
        "person": (col(Person.id), 31),
        "section": (sa.func.coalesce(col(Person.section_id), 0), 31),
        "grade": (packed.number_of(col(Person.grade), grades), max(1, len(grades).bit_length())),
        "student": (_flag(col(Person.kind) == PersonKind.STUDENT), 1),
        "has_account": (_flag(col(Person.has_account)), 1),
        "mobile": (_flag(reachability.has_mobile(given.policy)), 1),
        **_reach(given, reachability.has_email_address_by_kind(given.policy)),
    }


def of_account(db: Session, given: Given, then: datetime, days: Sequence[date]) -> Facts:
    """`state` is that of somebody who is reachable, `then` that of somebody who is not."""
    start, end = (conditions.start_of(day, given.zone) for day in (days[0], days[-1] + timedelta(days=1)))
    failed = col(Account.delivery) == MessageStatus.FAILED
    reason = packed.number_of(col(Account.delivery_reason), REASONS)
    before = packed.number_of(headlines.at(then), GROUPS)
    return {
        "owner": (sa.func.coalesce(col(Account.person_id), 0), 31),
        "account": (sa.func.coalesce(col(Account.id), 0), 31),
        "of_student": (_flag(col(Account.user_type) == UserType.STUDENT), 1),
        "state": (packed.number_of(account_state.state(given.now, given.policy, reachable=sa.true()), STATES), 4),
        "then": (sa.case((headlines.has_changed_since(then), before), else_=UNCHANGED), 3),
        "step": (packed.number_of(account_steps.latest(), STEPS), 3),
        "failure": (sa.case((failed, reason), else_=0), 4),
        "invited": (_quarter(db, Account.invited_at, start, end), 12),
        "verified": (_quarter(db, Account.verified_at, start, end), 12),
        "signed_in": (_quarter(db, Account.first_sign_in_at, start, end), 12),
    }


def of_both(db: Session, given: Given, then: datetime, grades: Sequence[str], days: Sequence[date]) -> Facts:
    """All of them where the database looks at a person with the account."""
    facts = of_person(given, grades) | of_account(db, given, then, days)
    channel = packed.number_of(account_steps.latest_channel(), CHANNELS)
    return facts | _reach(given, reachability.has_email_address(given.policy)) | {"channel": (channel, 3)}


def _reach(given: Given, by_email: sa.ColumnElement[bool]) -> Facts:
    """Whoever has an e-mail address is not asked for a number, and neither is asked twice."""
    reach = sa.case((by_email, BY_EMAIL), (reachability.has_sms_number(given.policy), BY_NUMBER), else_=0)
    return {"reach": (reach, 2)}


def _flag(holds: Any) -> sa.ColumnElement[int]:
    return sa.case((holds, 1), else_=0)


def _quarter(db: Session, column: Any, start: datetime, end: datetime) -> sa.ColumnElement[int]:
    """The quarter of an hour in which it was, from 1 where the first day begins; 0 for before, after and never.

    SQLite writes the days as a number in a third of the time that it takes for seconds, which it writes as a text.
    """
    moment = col(column)
    since: sa.ColumnElement[int]
    if is_sqlite(db):
        days = sa.func.julianday(moment, type_=sa.Float()) - (_DAYS_BEFORE_1970 + start.timestamp() / 86400)
        since = sa.cast(days * (86400 / QUARTER) + _HALF_A_MS, sa.BigInteger)
    else:
        since = (sa.cast(sa.func.floor(sa.extract("epoch", moment)), sa.BigInteger) - int(start.timestamp())) // QUARTER
    return sa.case((sa.and_(moment >= start, moment < end), since + 1), else_=0)
