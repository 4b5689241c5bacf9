"""What must come back with a sign-in at Microsoft: kept on the server, sealed, for ten minutes and one use.

The browser holds a reference in a cookie; the database holds its hash, so that neither alone is worth anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import MicrosoftFlow

LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class Begun:
    """A sign-in that is under way: MSAL's own part, where to go afterwards, and whether an invitation began it."""

    flow: dict[str, Any] = field(repr=False)
    next_path: str = "/"
    by_invitation: bool = False


def keep(db: Session, *, begun: Begun) -> str:
    """Store it; gives the reference for the cookie."""
    reference, key = secrets.token_urlsafe(32), keys.current()
    text = json.dumps([begun.flow, begun.next_path, begun.by_invitation])
    sealed = _seal(key, reference).encrypt(text.encode())
    ends = clock.now() + LIVES
    db.add(MicrosoftFlow(token_hash=_hash(reference), expires_at=ends, kid=key.kid, sealed=sealed))
    return reference


def take(db: Session, *, reference: str) -> Begun | None:
    """What was kept under it, once: whoever asks again, or too late, gets nothing."""
    row = db.exec(select(MicrosoftFlow).where(MicrosoftFlow.token_hash == _hash(reference))).first()
    if row is None:
        return None
    mine = sa.delete(MicrosoftFlow).where(col(MicrosoftFlow.token_hash) == row.token_hash)
    live, key = row.expires_at > clock.now(), keys.known().get(row.kid)
    if db.execute(mine).rowcount != 1 or not live or key is None:  # type: ignore[attr-defined]
        return None
    return Begun(*json.loads(_seal(key, reference).decrypt(row.sealed)))


def forget_ended(db: Session) -> int:
    """Remove what nobody came back to; gives how many."""
    gone = db.execute(sa.delete(MicrosoftFlow).where(col(MicrosoftFlow.expires_at) <= clock.now()))
    return int(getattr(gone, "rowcount", 0))


def _seal(key: keys.Key, reference: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key.sign("microsoft flow", reference)))


def _hash(reference: str) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()
