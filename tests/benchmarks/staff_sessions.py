"""Staff who are signed in on a server that is measured: their sessions are written straight into its database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlmodel import col, select

from core import clock, database
from core.models import Account, AccountRole, SignInSession
from core.permissions import Role
from core.tables import periods


def tokens(number: int) -> list[str]:
    """So many sessions of the office, one token each, as the cookie carries it."""
    now, made = clock.now(), []
    with database.transaction() as db:
        wanted = select(AccountRole.account_id).join(Account, col(Account.id) == col(AccountRole.account_id))
        wanted = wanted.where(col(AccountRole.role).in_([Role.OFFICE, Role.ADMINISTRATOR]))
        wanted = wanted.where(col(Account.deactivated_at).is_(None), periods.in_force())
        accounts = list(db.exec(wanted.order_by(col(AccountRole.account_id)).limit(number)))
        for place in range(number):
            made.append(secrets.token_urlsafe(32))
            db.add(
                SignInSession(
                    id=secrets.token_hex(16),
                    token_hash=hashlib.sha256(made[-1].encode()).hexdigest(),
                    account_id=accounts[place % len(accounts)],
                    created_at=now,
                    last_used_at=now,
                    expires_at=now + timedelta(hours=8),
                )
            )
    return made
