"""rules.account_state in SQL, over Person and Account (outer join: a person may have no account).

`Account.standing` is what of it the database keeps: all that follows from the account alone, whatever the time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.models import Account, Person
from core.rules.account_state import AccountState
from core.rules.reachability import Policy
from core.tables import reachability

Moment = datetime | sa.BindParameter[datetime]
INVITED, NOT_INVITED = "invited", "not_invited"
OF_PEOPLE = {AccountState.READY, AccountState.NOT_REACHABLE, AccountState.NO_ACCOUNT}  # an account does not tell them
_SPLIT = {AccountState.INVITED, AccountState.LINK_EXPIRED, AccountState.READY, AccountState.NOT_REACHABLE}
_BY_STANDING = frozenset(AccountState) - _SPLIT - {AccountState.NO_ACCOUNT}
_BY_HOW_MANY = (AccountState.SIGNED_IN, *sorted(_BY_STANDING - {AccountState.SIGNED_IN}))  # each costs those before it


def state(now: Moment, policy: Policy, *, reachable: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[str]:
    """The one state of each row at `now`, as the word of AccountState; `reachable` may be asked in another way."""
    asked = reachability.reachable(policy) if reachable is None else reachable
    word = {state: _word(state) for state in AccountState}
    by_link = sa.case((_ended(now), word[AccountState.LINK_EXPIRED]), else_=word[AccountState.INVITED])
    by_address = sa.case((asked, word[AccountState.READY]), else_=word[AccountState.NOT_REACHABLE])
    return sa.case(
        (sa.literal_column(f"'{NOT_INVITED}'"), by_address),
        (sa.literal_column(f"'{INVITED}'"), by_link),
        *((word[state], word[state]) for state in _BY_HOW_MANY),
        value=col(Account.standing),  # asked once: SQLite makes it anew each time
        else_=word[AccountState.NO_ACCOUNT],
    )


def is_in(states: Collection[str], now: datetime, policy: Policy) -> sa.ColumnElement[bool]:
    """Holds for rows in one of the states."""
    asked = _of_accounts(states, now)
    reachable = reachability.reachable(policy)
    if (AccountState.READY in states) != (AccountState.NOT_REACHABLE in states):
        wanted = reachable if AccountState.READY in states else sa.not_(reachable)
        asked.append(sa.and_(col(Account.standing) == NOT_INVITED, wanted))
    elif AccountState.READY in states:
        asked.append(col(Account.standing) == NOT_INVITED)
    if AccountState.NO_ACCOUNT in states:
        asked.append(sa.not_(col(Person.has_account)))
    return sa.or_(sa.false(), *asked)


def may_be_in(states: Collection[str], now: datetime) -> sa.ColumnElement[bool]:
    """Holds for at least the accounts in one of the states: what the account alone can tell, by its index."""
    asked = _of_accounts(states, now)
    if {AccountState.READY, AccountState.NOT_REACHABLE} & set(states):
        asked.append(col(Account.standing) == NOT_INVITED)
    return sa.or_(sa.false(), *asked)


def are_looked_up(states: Collection[str]) -> bool:
    """Whether an index of accounts leads to those in these states, and few are in them."""
    return bool(states) and _BY_STANDING.issuperset(states) and AccountState.SIGNED_IN not in states


def _of_accounts(states: Collection[str], now: datetime) -> list[sa.ColumnElement[bool]]:
    plain = sorted(set(states) & _BY_STANDING)
    asked: list[sa.ColumnElement[bool]] = [col(Account.standing).in_(plain)] if plain else []
    invited, ended = AccountState.INVITED in states, AccountState.LINK_EXPIRED in states
    if invited and ended:
        asked.append(col(Account.standing) == INVITED)
    elif invited:
        live = sa.or_(col(Account.invitation_ends_at).is_(None), col(Account.invitation_ends_at) > now)
        asked.append(sa.and_(col(Account.standing) == INVITED, live))
    elif ended:
        asked.append(sa.and_(col(Account.standing) == INVITED, _ended(now)))
    return asked


def _ended(now: Moment) -> sa.ColumnElement[bool]:
    return sa.and_(col(Account.invitation_ends_at).is_not(None), col(Account.invitation_ends_at) <= now)


def _word(state: AccountState) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{state.value}'", sa.String())
