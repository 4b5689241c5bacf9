"""Initial passwords of users who were created in Microsoft 365 from here: derived when they are handed over.

They open Microsoft 365 and nothing here. Nobody is told when Microsoft has had one changed: it is handed over until
the person signs in here with Microsoft for the first time, and for a season at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, DirectoryChange, SignInMethod

KEPT = timedelta(days=120)


def of_account(change: Any = DirectoryChange) -> sa.ColumnElement[bool]:
    """Holds for the creation of the user to whom an account of Microsoft is tied, while it may be handed over."""
    waits = (col(Account.sign_in_method) == SignInMethod.MICROSOFT, col(Account.first_sign_in_at).is_(None))
    same = (change.person_id == col(Account.person_id), change.object_id == col(Account.object_id))
    return sa.and_(*waits, *same, is_kept(change))


def is_kept(change: Any = DirectoryChange) -> sa.ColumnElement[bool]:
    """Holds for creations whose password may still be asked for; a change of names has none."""
    return sa.and_(change.uid != "", change.created_at > clock.now() - KEPT)


def one(db: Session, *, account_id: int) -> DirectoryChange | None:
    """The one of an account."""
    query = sa.select(DirectoryChange).join(Account, of_account()).where(col(Account.id) == account_id)
    return db.scalars(query.order_by(col(DirectoryChange.id).desc())).first()
