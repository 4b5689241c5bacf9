"""A new secret key for a school at work: what is sealed is sealed anew, what is live goes on (R94)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys, sealing
from core.models import Invitation, RecoveryCode, SignInStep, Superseded, TotpDevice
from core.permissions import Actor, Permission
from core.sealing import Sealed
from core.services import audit
from core.tables import keys_in_use


def reseal(db: Session, actor: Actor) -> int:
    """Seal under the key of today what was sealed under older ones; gives how many secrets."""
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    today = keys.current().kid
    steps = db.exec(select(SignInStep).where(SignInStep.kid != today, SignInStep.kid != "").with_for_update())
    done = sum(_anew(row, "sign_in_step", row.id) for row in steps)
    devices = db.exec(select(TotpDevice).where(TotpDevice.kid != today).with_for_update())
    done += sum(_anew(row, "totp_device", row.account_id) for row in devices)
    audit.record(db, actor, action="key.rotated", object_kind="school", details={"resealed": done})
    return done


def give_up(db: Session, actor: Actor) -> dict[str, int]:
    """The old key is lost for good: what only it could open or verify ends, so that everybody can begin anew.

    The audit of before can be verified no more; that this was done is its first entry under the new key.
    """
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    known = list(keys.known())
    values = {"superseded_at": clock.now(), "superseded_because": Superseded.VOIDED.value}
    dead = sa.update(Invitation).where(keys_in_use.is_live(), col(Invitation.kid).not_in(known)).values(values)
    owners = sa.select(col(TotpDevice.account_id)).where(col(TotpDevice.kid).not_in(known))
    gone = {
        "links": _rows(db, dead),
        "recovery_codes": _rows(db, sa.delete(RecoveryCode).where(col(RecoveryCode.account_id).in_(owners))),
        "apps": _rows(db, sa.delete(TotpDevice).where(col(TotpDevice.kid).not_in(known))),
    }
    _rows(db, sa.delete(SignInStep).where(col(SignInStep.kid).not_in(["", *known])))
    audit.record(db, actor, action="key.lost", object_kind="school", details=dict(gone))
    return gone


def _anew(row: SignInStep | TotpDevice, table: str, key: object) -> int:
    secret = sealing.unseal(Sealed(row.kid, row.sealed), table=table, row=key)
    sealed = sealing.seal(secret, table=table, row=key)
    row.kid, row.sealed = sealed.kid, sealed.content
    return 1


def _rows(db: Session, statement: Any) -> int:
    return int(getattr(db.execute(statement.execution_options(synchronize_session=False)), "rowcount", 0))
