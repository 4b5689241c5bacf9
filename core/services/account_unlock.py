"""Ending a lock: an account that was suspended, or waits after wrong passwords, may be tried again at once."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import NotAllowed, NotFound, Sought
from core.models import Account, Person
from core.permissions import Actor, Permission, Role
from core.services import account_effects, audit
from core.tables import account_roles, scope


def unlock(db: Session, actor: Actor, *, account_id: int) -> bool:
    """Clear suspension, waiting and the count of failures; False when there was none. The password stays as it is."""
    actor.require(Permission.MANAGE_ACCOUNTS)
    query = sa.select(col(Account.id), account_roles.is_staff()).join(Person, col(Person.id) == col(Account.person_id))
    row = db.execute(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    if row[1] and Role.ADMINISTRATOR not in actor.roles:
        raise NotAllowed(
            "This account holds a role of staff. Only an administrator unlocks it.",
            by=actor,
            sought=Sought("account", account_id),
        )
    held_back = sa.or_(
        col(Account.suspended_at).is_not(None), col(Account.next_try_at).is_not(None), col(Account.failed_sign_ins) > 0
    )
    free = {"suspended_at": None, "next_try_at": None, "failed_sign_ins": 0}
    if account_effects.write(db, sa.update(Account).where(col(Account.id) == account_id, held_back).values(free)) != 1:
        return False
    audit.record(db, actor, action="account.unlocked", object_kind="account", object_id=account_id)
    return True
