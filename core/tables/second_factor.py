"""Whose sign-in asks for a second factor, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, RecoveryCode, SignInMethod, TotpDevice
from core.permissions import Actor
from core.tables import school

_ENROLLED = sa.select(col(TotpDevice.account_id)).where(col(TotpDevice.account_id) == sa.bindparam("of_account"))


@dataclass(frozen=True)
class Standing:
    """The second factor of an account. `codes_left`: recovery codes that were not used yet."""

    enrolled_at: datetime | None
    codes_left: int
    demanded: bool

    @property
    def is_enrolled(self) -> bool:
        return self.enrolled_at is not None


@dataclass(frozen=True)
class Known:
    """The recovery code with the typed beginning, or none; read first, so that no lock is held while it is compared."""

    id: int | None
    stored_hash: str = field(repr=False)


def standing(db: Session, actor: Actor) -> Standing:
    """The second factor of the account that signs in, or has."""
    device = db.get(TotpDevice, actor.account_id)
    unused = (col(RecoveryCode.account_id) == actor.account_id, col(RecoveryCode.used_at).is_(None))
    left = db.scalar(sa.select(sa.func.count()).select_from(RecoveryCode).where(*unused)) or 0
    return Standing(device.enrolled_at if device else None, left, is_required(db, actor))


def is_demanded(db: Session, actor: Actor) -> bool:
    """Whether the password alone lets them no further: they have an app, or have to set one up (R25)."""
    return is_enrolled(db, account_id=actor.account_id or 0) or is_required(db, actor)


def is_enrolled(db: Session, *, account_id: int) -> bool:
    return db.scalar(_ENROLLED, {"of_account": account_id}) is not None


def is_required(db: Session, actor: Actor) -> bool:
    """Staff whose password lives here, where the school asks for it."""
    account = db.get(Account, actor.account_id)
    local = account is not None and account.sign_in_method == SignInMethod.LOCAL
    return local and actor.is_staff and school.settings(db).second_factor


def is_wanted(db: Session, actor: Actor) -> bool:
    """Whether a member of staff shows one here, wherever their password lives: they have it, or the school asks."""
    return is_enrolled(db, account_id=actor.account_id or 0) or school.settings(db).second_factor


def recovery_code(db: Session, *, account_id: int, hint: str) -> Known:
    """The unused code of this beginning; one that does not exist looks like one that nobody knows."""
    query = sa.select(col(RecoveryCode.id), col(RecoveryCode.code_hash)).where(
        col(RecoveryCode.account_id) == account_id, col(RecoveryCode.hint) == hint, col(RecoveryCode.used_at).is_(None)
    )
    row = db.execute(query).first()
    return Known(row[0], row[1]) if row else Known(None, "")
