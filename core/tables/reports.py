"""What reports print, read as plain tuples: 100,000 rows in a second, no object per row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.models import AcademicPeriod, Account, Person, PersonKind, Section, UserType
from core.rules.reachability import Policy
from core.tables import account_state, reachability

AT_ONCE = 5000
# person id, section id, then what core.documents.papers.AccountRow holds
StudentRow = tuple[Any, ...]


@dataclass(frozen=True)
class Class:
    """A class with the rows of its students."""

    title: str
    order: tuple[Any, ...]
    rows: list[StudentRow]


def student_accounts(db: Session, *, person_ids: sa.Select[Any], now: datetime, policy: Policy) -> Iterator[Class]:
    """The students among those people with their accounts, by name within each class, classes in no order."""
    titles = classes(db)
    for section_id, rows in groupby(_raw(db, _query(db, person_ids, now, policy)), key=itemgetter(1)):
        title, order = titles.get(section_id, ("Without class", (1,)))
        yield Class(title, order, list(rows))


def current_period(db: Session) -> str:
    """The title of the current academic period, empty when none is current."""
    period = db.exec(select(AcademicPeriod).where(col(AcademicPeriod.is_current)).limit(1)).first()
    return period.title if period else ""


def _query(db: Session, person_ids: sa.Select[Any], now: datetime, policy: Policy) -> sa.Select[Any]:
    active = sa.and_(col(Account.id).is_not(None), col(Account.deactivated_at).is_(None))
    columns: tuple[Any, ...] = (
        col(Person.id),
        col(Person.section_id),
        col(Person.source_id),
        col(Person.last_name),
        col(Person.first_name),
        sa.func.coalesce(col(Account.username), ""),
        sa.func.coalesce(col(Account.sign_in_method), ""),
        _invitation_email(policy),
        col(Person.mobile),
        _number(active),
        _number(col(Account.verified_at).is_not(None)),
        _minute(db, col(Account.invited_at)),
        _minute(db, col(Account.last_sign_in_at)),
        account_state.state(now, policy),
    )
    query = sa.select(*columns).select_from(Person).outerjoin(Account, col(Account.person_id) == col(Person.id))
    query = query.where(col(Person.kind) == PersonKind.STUDENT, col(Person.id).in_(person_ids))
    return query.order_by(col(Person.section_id), col(Person.sort_name), col(Person.id))


def classes(db: Session) -> dict[int, tuple[str, tuple[Any, ...]]]:
    """Title and place of every class by its id. Where there are several schools, the title says which."""
    found = db.execute(sa.select(col(Section.id), col(Section.title), col(Section.grade), col(Section.school))).all()
    several = len({school for *_, school in found}) > 1
    return {
        section_id: (
            f"{title} · {school}" if several and school else title,
            (0, school, _natural(grade or title), _natural(title), section_id),
        )
        for section_id, title, grade, school in found
    }


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """7B before 10A."""
    return tuple((int(digits or 0), other) for digits, other in re.findall(r"(\d{1,9})|(\D+)", text))


def _invitation_email(policy: Policy) -> sa.ColumnElement[str]:
    """Where an invitation would go; nowhere for whom *Use Personal E-mail* is off."""
    if UserType.STUDENT in policy.microsoft_user_types:
        return reachability.email_address(policy)
    return sa.case((col(Person.use_personal_email), reachability.email_address(policy)), else_="")


def _number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.case((condition, 1), else_=0)


def _minute(db: Session, moment: Any) -> sa.ColumnElement[str | None]:
    """ "2026-11-23 09:00" in UTC, as text, so that no object is made of it."""
    if db.get_bind().dialect.name == "sqlite":
        return sa.func.substr(moment, 1, 16)
    return sa.func.to_char(sa.func.timezone("UTC", moment), "YYYY-MM-DD HH24:MI")


def _raw(db: Session, query: sa.Select[Any]) -> Iterator[StudentRow]:
    """Rows as the driver gives them: every column is text or a number already."""
    result = db.connection().execute(query)
    while rows := cast(Any, result.cursor).fetchmany(AT_ONCE):
        yield from rows
    result.close()
