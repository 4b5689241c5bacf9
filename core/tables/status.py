"""How many accounts are in which state: the numbers behind the charts, counted as the lists count."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person, UserType
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.search_text import sought
from core.tables import account_state, conditions, reachability, search, students
from core.tables.filters import AccountFilter, StudentFilter


def by_state(db: Session, actor: Actor, *, filter: AccountFilter) -> dict[AccountState, int]:
    """Accounts per state, every state named. *No account* are the students who have none, where students are asked for.

    Whoever sees no accounts is shown the numbers of the students of their classes.
    """
    actor.require(Permission.SEE_STATUS)
    if not actor.may(Permission.SEE_ACCOUNTS):
        filter = replace(filter, user_types=(UserType.STUDENT,))
    found = _accounts(db, actor, filter)
    if not filter.user_types or UserType.STUDENT in filter.user_types:
        asked = StudentFilter(section_ids=filter.section_ids, states=(AccountState.NO_ACCOUNT,))
        found[AccountState.NO_ACCOUNT] = students.count(db, actor, filter=asked)
    return {state: found.get(state, 0) for state in AccountState}


def _accounts(db: Session, actor: Actor, filter: AccountFilter) -> dict[AccountState, int]:
    given = conditions.given(db)
    asked = conditions.accounts(actor, filter, given)
    if words := sought(filter.text):
        asked.append(col(Person.id).in_(search.found(db, actor, words)))
    if not actor.scope.everybody or words or conditions.is_about_people(filter):
        state = account_state.state(given.now, given.policy).label("state")
        query = sa.select(state).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    else:  # of everybody: a person is looked up only where the account itself does not decide
        reached = sa.select(reachability.reachable(given.policy)).where(col(Person.id) == col(Account.person_id))
        reachable = reached.correlate(Account).scalar_subquery()
        state = account_state.state(given.now, given.policy, reachable=reachable).label("state")
        query = sa.select(state).select_from(Account)
    inner = query.where(*asked).cte("found").prefix_with("MATERIALIZED")  # else SQLite derives each state twice
    rows = db.execute(sa.select(inner.c.state, sa.func.count()).group_by(inner.c.state))
    return {AccountState(name): number for name, number in rows}
