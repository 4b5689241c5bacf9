"""Who somebody with an account is today: the roles and the scope that hold on this date."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from core import clock
from core.models import AcademicPeriod, Account, AccountRole, Section
from core.permissions import Actor, Role, Scope
from core.tables import periods, school


def _of_grades_and_schools(db: Session, role: AccountRole) -> frozenset[int]:
    """The classes of the current period that a role reaches by their grade or their school."""
    if not role.grades and not role.schools:
        return frozenset()
    of_these = col(Section.grade).in_(role.grades) | col(Section.school).in_(role.schools)
    return frozenset(db.scalars(periods.sections(None).where(of_these)))


def of_account(
    db: Session, account: Account, *, session_id: str, ip: str | None, fresh_until: datetime | None = None
) -> Actor:
    """The actor behind an account; without a role in force today they may do nothing.

    A role of an academic period holds while that period is the current one.
    """
    school.settings(db)  # tells the clock where the school is
    today = clock.today()
    period = select(AcademicPeriod.id).where(col(AcademicPeriod.is_current))
    of_now = col(AccountRole.period_id).is_(None) | col(AccountRole.period_id).in_(period)
    held = db.exec(select(AccountRole).where(AccountRole.account_id == account.id, of_now)).all()
    current = [role for role in held if (role.starts_on or today) <= today <= (role.ends_on or today)]
    scope = Scope()
    for role in current:
        scope |= Scope(role.everybody, frozenset(role.section_ids) | _of_grades_and_schools(db, role))
    roles = frozenset(Role(role.role) for role in current)
    return Actor(account.username, account.id, account.person_id, roles, scope, session_id, ip, fresh_until)
