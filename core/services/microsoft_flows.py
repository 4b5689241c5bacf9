"""What must come back with a sign-in at Microsoft: kept on the server, sealed, for ten minutes and one use.

The browser holds a reference in a cookie; the database holds its hash, so that neither alone is worth anything.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, sealing
from core.models import MicrosoftFlow
from core.sealing import SealBroken, Sealed

LIVES = timedelta(minutes=10)
AT_MOST = 20_000  # a stranger who sets out again and again fills no disk; four mornings of a large school fit


@dataclass(frozen=True)
class Begun:
    """A sign-in that is under way: MSAL's own part, where to go afterwards, and whether an invitation began it."""

    flow: dict[str, Any] = field(repr=False)
    next_path: str = "/"
    by_invitation: bool = False


def keep(db: Session, *, begun: Begun) -> str:
    """Store it, in the place of the oldest where there are too many; gives the reference for the cookie."""
    _make_room(db)
    reference = secrets.token_urlsafe(32)
    text = json.dumps([begun.flow, begun.next_path, begun.by_invitation])
    place, ends = _hash(reference), clock.now() + LIVES
    sealed = sealing.seal(text.encode(), table="microsoft_flow", row=place)
    db.add(MicrosoftFlow(token_hash=place, expires_at=ends, kid=sealed.kid, sealed=sealed.content))
    return reference


def take(db: Session, *, reference: str) -> Begun | None:
    """What was kept under it, once: whoever asks again, or too late, gets nothing."""
    row = db.exec(select(MicrosoftFlow).where(MicrosoftFlow.token_hash == _hash(reference))).first()
    if row is None:
        return None
    mine = sa.delete(MicrosoftFlow).where(col(MicrosoftFlow.token_hash) == row.token_hash)
    live, sealed = row.expires_at > clock.now(), Sealed(row.kid, row.sealed)
    if db.execute(mine).rowcount != 1 or not live:  # type: ignore[attr-defined]
        return None
    try:
        return Begun(*json.loads(sealing.unseal(sealed, table="microsoft_flow", row=row.token_hash)))
    except SealBroken:  # under a key that is gone
        return None


def forget_ended(db: Session) -> int:
    """Remove what nobody came back to; gives how many."""
    gone = db.execute(sa.delete(MicrosoftFlow).where(col(MicrosoftFlow.expires_at) <= clock.now()))
    return int(getattr(gone, "rowcount", 0))


def _make_room(db: Session) -> None:
    """The newest stay. Whoever is at work on the same rows is not waited for."""
    newest_first = sa.select(col(MicrosoftFlow.token_hash)).order_by(col(MicrosoftFlow.expires_at).desc())
    surplus = db.scalars(newest_first.offset(AT_MOST - 1).with_for_update(skip_locked=True)).all()
    if surplus:
        db.execute(sa.delete(MicrosoftFlow).where(col(MicrosoftFlow.token_hash).in_(surplus)))


def _hash(reference: str) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()
