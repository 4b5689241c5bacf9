"""How many accounts are in which state: the numbers behind the charts, counted as the lists count."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Person
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.tables import account_state, conditions, school
from core.tables.filters import AccountFilter


def by_state(db: Session, actor: Actor, *, filter: AccountFilter) -> dict[AccountState, int]:
    """Accounts per state, every state named; people without an account are not accounts."""
    actor.require(Permission.SEE_STATUS)
    policy = school.policy(school.settings(db))
    state = account_state.state(clock.now(), policy).label("state")
    asked = conditions.accounts(actor, filter, now=clock.now(), policy=policy)
    joined = sa.select(state).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    inner = joined.where(*asked).subquery()
    rows = db.execute(sa.select(inner.c.state, sa.func.count()).group_by(inner.c.state))
    found = {AccountState(name): number for name, number in rows}
    return {name: found.get(name, 0) for name in AccountState if name is not AccountState.NO_ACCOUNT}
