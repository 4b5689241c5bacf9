"""Who somebody with an account is today: the roles and the scope that hold on this date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.database import KEPT
from core.models import AcademicPeriod, Account, AccountRole, Section
from core.permissions import Actor, Role, Scope
from core.tables import periods, school

_CURRENT = sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))
_DATES, _REACH = ("starts_on", "ends_on"), ("everybody", "section_ids", "grades", "schools")
# Made once, and of columns: every run of a page asks this, and whole rows took three times as long.
_HELD = (
    sa.select(*(col(getattr(AccountRole, name)) for name in ("role", *_DATES, *_REACH)))
    .where(
        col(AccountRole.account_id) == sa.bindparam("account_id"),
        col(AccountRole.period_id).is_(None) | col(AccountRole.period_id).in_(_CURRENT),
    )
    .execution_options(**KEPT)
)


def _of_grades_and_schools(db: Session, role: Any) -> frozenset[int]:
    """The classes of the current period that a role reaches by their grade or their school."""
    if not role.grades and not role.schools:
        return frozenset()
    of_these = col(Section.grade).in_(role.grades) | col(Section.school).in_(role.schools)
    return frozenset(db.scalars(periods.sections(None).where(of_these)))


def of_account(
    db: Session, account: Account, *, session_id: str, ip: str | None, fresh_until: datetime | None = None
) -> Actor:
    """The actor behind an account; without a role in force today they may do nothing."""
    school.settings(db)  # tells the clock where the school is
    roles, scope = of_today(db, account.id)
    return Actor(account.username, account.id, account.person_id, roles, scope, session_id, ip, fresh_until)


def of_today(db: Session, account_id: int | None) -> tuple[frozenset[Role], Scope]:
    """The roles that an account holds on this day at the school, and whom they let it see.

    A role of an academic period holds while that period is the current one.
    """
    today, scope = clock.today(), Scope()
    held = db.execute(_HELD, {"account_id": account_id}).all()
    current = [role for role in held if (role.starts_on or today) <= today <= (role.ends_on or today)]
    for role in current:
        scope |= Scope(role.everybody, frozenset(role.section_ids) | _of_grades_and_schools(db, role))
    return frozenset(Role(role.role) for role in current), scope
