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
from core.tables import account_state, reachability, report_details

AT_ONCE = 5000
# person id, section id, then what core.documents.papers.AccountRow holds
StudentRow = tuple[Any, ...]


@dataclass(frozen=True)
class Class:
    """A class with the rows of its students."""

    title: str
    order: tuple[Any, ...]
    rows: list[StudentRow]


@dataclass(frozen=True)
class UserGroup:
    """Accounts of one user type, of students those of one class; rows are the person's id and a UserRow."""

    user_type: str
    title: str
    rows: list[tuple[Any, ...]]


def student_accounts(db: Session, *, person_ids: sa.Select[Any], now: datetime, policy: Policy) -> Iterator[Class]:
    """The students among those people with their accounts, by name within each class, classes in no order."""
    titles = classes(db)
    for section_id, rows in groupby(_raw(db, _query(db, person_ids, now, policy)), key=itemgetter(1)):
        title, order = titles.get(section_id, ("Without class", (1,)))
        yield Class(title, order, list(rows))


def user_accounts(db: Session, *, person_ids: sa.Select[Any], now: datetime, policy: Policy) -> Iterator[UserGroup]:
    """The accounts of those people by user type, students by class within it, then by name; groups in their order."""
    titles, places = classes(db), {user_type.value: at for at, user_type in enumerate(UserType)}
    roles, makers = report_details.roles(db, person_ids), report_details.makers(db, person_ids)
    found = []
    for (user_type, section_id), rows in groupby(_raw(db, _users(db, person_ids, now, policy)), key=itemgetter(1, 2)):
        title, order = titles.get(section_id, ("Without class", (1,))) if section_id else ("Without class", (1,))
        is_student = user_type == UserType.STUDENT
        section = title if is_student else ""
        listed = [
            (person_id, name, section, *more[:-4], roles.get(account_id, ""), *more[-4:], makers.get(account_id, ""))
            for person_id, _, _, account_id, name, *more in rows
        ]
        found.append(
            (
                (places[user_type], order if is_student else ()),
                UserGroup(user_type, title if is_student else "", listed),
            )
        )
    for _place, group in sorted(found, key=itemgetter(0)):
        yield group


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


def _users(db: Session, person_ids: sa.Select[Any], now: datetime, policy: Policy) -> sa.Select[Any]:
    section = sa.case((col(Account.user_type) == UserType.STUDENT, col(Person.section_id)), else_=None)
    columns: tuple[Any, ...] = (
        col(Person.id),
        col(Account.user_type),
        section,
        col(Account.id),
        col(Person.last_name) + " " + col(Person.first_name),
        col(Account.username),
        col(Account.sign_in_method),
        _number(col(Account.deactivated_at).is_(None)),
        _minute(db, col(Account.verified_at)),
        account_state.state(now, policy),
        sa.func.coalesce(col(Account.delivery), ""),
        col(Account.times_invited),
        _minute(db, col(Account.invited_at)),
        _minute(db, col(Account.invitation_ends_at)),
        _minute(db, col(Account.first_sign_in_at)),
        _minute(db, col(Account.last_sign_in_at)),
        col(Account.sign_ins),
        _number(col(Account.must_change_password).is_(True)),
        _minute(db, col(Account.created_at)),
        _email_in_use(policy),
        col(Account.failed_sign_ins),
        _number(col(Account.suspended_at).is_not(None)),
        _minute(db, col(Account.pending_provider_at)),
    )
    query = sa.select(*columns).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    query = query.where(col(Person.id).in_(person_ids))
    return query.order_by(col(Account.user_type), section, col(Person.sort_name), col(Person.id))


def classes(db: Session) -> dict[int, tuple[str, tuple[Any, ...]]]:
    """Title and place of every class by its id. Where there are several schools, the title says which."""
    found = db.execute(sa.select(col(Section.id), col(Section.title), col(Section.grade), col(Section.school))).all()
    several = len({school for *_, school in found}) > 1
    return {
        section_id: (
            f"{title} · {school}" if several and school else title,
            (0, school, natural(grade or title), natural(title), section_id),
        )
        for section_id, title, grade, school in found
    }


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A key that puts 7B before 10A."""
    return tuple((int(digits or 0), other) for digits, other in re.findall(r"(\d{1,9})|(\D+)", text))


def _invitation_email(policy: Policy) -> sa.ColumnElement[str]:
    """Where an invitation would go; nowhere for whom *Use Personal E-mail* is off."""
    if UserType.STUDENT in policy.microsoft_user_types:
        return reachability.email_address(policy)
    return sa.case((col(Person.use_personal_email), reachability.email_address(policy)), else_="")


def _email_in_use(policy: Policy) -> sa.ColumnElement[str]:
    """The same for accounts of any user type: others than students are written to at their contact e-mail."""
    is_student = col(Account.user_type) == UserType.STUDENT
    return sa.case((is_student, _invitation_email(policy)), else_=reachability.email_address(policy))


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
