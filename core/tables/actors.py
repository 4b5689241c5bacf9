"""Who somebody with an account is today: the roles and the scope that hold on this date."""

from __future__ import annotations

from sqlmodel import Session, select

from core import clock
from core.models import Account, AccountRole
from core.permissions import Actor, Role, Scope


def of_account(db: Session, account: Account, *, session_id: str, ip: str | None) -> Actor:
    """The actor behind an account; without a role in force today they may do nothing."""
    today = clock.now().date()
    held = db.exec(select(AccountRole).where(AccountRole.account_id == account.id)).all()
    current = [role for role in held if (role.starts_on or today) <= today <= (role.ends_on or today)]
    scope = Scope()
    for role in current:
        scope |= Scope(role.everybody, frozenset(role.section_ids))
    roles = frozenset(Role(role.role) for role in current)
    return Actor(account.username, account.id, account.person_id, roles, scope, session_id, ip)
