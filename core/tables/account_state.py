"""rules.account_state in SQL, over Person and Account (outer join: a person may have no account)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.models import Account
from core.rules.account_state import UNDELIVERABLE, AccountState
from core.rules.reachability import Policy
from core.tables import reachability


def state(now: datetime, policy: Policy, *, reachable: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[str]:
    """The one state of each row at `now`, as the word of AccountState; `reachable` may be asked in another way."""
    asked = reachability.reachable(policy) if reachable is None else reachable
    return sa.case(
        *((holds, sa.literal_column(f"'{word.value}'", sa.String())) for holds, word in _questions(now, asked)),
        else_=sa.literal_column(f"'{AccountState.NOT_REACHABLE.value}'", sa.String()),
    )


def is_in(states: Collection[str], now: datetime, policy: Policy) -> sa.ColumnElement[bool]:
    """Holds for rows in one of the states."""
    if set(states) == {AccountState.NO_ACCOUNT}:
        return col(Account.id).is_(None)  # asks the index alone
    return state(now, policy).in_(sorted(states))


def _questions(now: datetime, reachable: sa.ColumnElement[bool]) -> list[tuple[Any, AccountState]]:
    undeliverable = sa.and_(col(Account.delivery) == "failed", col(Account.delivery_reason).in_(sorted(UNDELIVERABLE)))
    invited = col(Account.invited_at).is_not(None)
    ended = sa.and_(col(Account.invitation_ends_at).is_not(None), col(Account.invitation_ends_at) <= now)
    return [
        (col(Account.id).is_(None), AccountState.NO_ACCOUNT),
        (col(Account.deactivated_at).is_not(None), AccountState.DEACTIVATED),
        (col(Account.suspended_at).is_not(None), AccountState.LOCKED),
        (col(Account.pending_provider_at).is_not(None), AccountState.PENDING_PROVIDER),
        (col(Account.first_sign_in_at).is_not(None), AccountState.SIGNED_IN),
        (col(Account.verified_at).is_not(None), AccountState.VERIFIED),
        (undeliverable, AccountState.BOUNCED),
        (sa.and_(invited, ended), AccountState.LINK_EXPIRED),
        (invited, AccountState.INVITED),
        (reachable, AccountState.READY),
    ]
