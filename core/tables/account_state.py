"""rules.account_state in SQL, over Person and Account (outer join: a person may have no account)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.models import Account
from core.rules.account_state import UNDELIVERABLE, AccountState
from core.rules.reachability import Policy
from core.tables import reachability


def state(now: datetime, policy: Policy) -> sa.ColumnElement[str]:
    """The one state of each row at `now`, as the word of AccountState."""
    return sa.case(
        *((holds, sa.literal_column(f"'{word.value}'", sa.String())) for holds, word in _questions(now, policy)),
        else_=sa.literal_column(f"'{AccountState.NOT_REACHABLE.value}'", sa.String()),
    )


def _questions(now: datetime, policy: Policy) -> list[tuple[Any, AccountState]]:
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
        (reachability.reachable(policy), AccountState.READY),
    ]
