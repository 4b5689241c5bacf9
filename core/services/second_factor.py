"""The second factor: an authenticator app, and ten codes on paper for the day on which the phone is lost (R25-R27)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, sealing
from core.errors import Conflict, NotAllowed, NotFound
from core.models import Account, CampaignKind, Person, RecoveryCode, TotpDevice
from core.permissions import Actor, Permission
from core.rules import one_time_codes, sign_in_limits
from core.services import account_effects, address_notices, audit, sign_in_steps
from core.services.sign_in_steps import Step
from core.tables import scope

UNREADABLE = "The second factor of this account cannot be read any more. Ask another administrator to remove it."


def waits_until(db: Session, *, account_id: int) -> datetime | None:
    """Until when no code is taken, after too many wrong ones."""
    device = db.get(TotpDevice, account_id)
    waits = device is not None and device.next_try_at is not None and device.next_try_at > clock.now()
    return device.next_try_at if waits and device else None


def accept(db: Session, by: Actor, *, account_id: int, typed: str) -> bool:
    """Whether `typed` is a code of now, which is used up by that (R26). The caller stores wrong tries in any case."""
    device = _tried(db, by, account_id)
    if device is None:
        return False
    step = one_time_codes.step_of(_seed(device), typed, at=clock.now())
    if step is None or step <= device.last_step:
        _count_failure(db, by, device)
        return False
    device.last_step, device.failed_tries, device.next_try_at = step, 0, None
    db.add(device)
    audit.record(db, by, action="second_factor.accepted", object_kind="account", object_id=account_id)
    return True


def accept_recovery(db: Session, by: Actor, *, account_id: int, code_id: int | None, fits: bool) -> bool:
    """Use up a recovery code; `fits` is what was found out about it before this transaction began."""
    device = _tried(db, by, account_id)
    if device is None:
        return False
    unused = (col(RecoveryCode.id) == code_id, col(RecoveryCode.account_id) == account_id)
    use = sa.update(RecoveryCode).where(*unused, col(RecoveryCode.used_at).is_(None)).values(used_at=clock.now())
    if not fits or db.execute(use).rowcount != 1:  # type: ignore[attr-defined]
        _count_failure(db, by, device)
        return False
    device.failed_tries, device.next_try_at = 0, None
    db.add(device)
    audit.record(db, by, action="recovery_code.used", object_kind="account", object_id=account_id)
    return True


def enrol(db: Session, by: Actor, *, step: Step, typed: str, codes: Mapping[str, str]) -> bool:
    """Set up the app whose seed the step holds, when it shows the right code; what was there before ends.

    `codes`: the hashes of new recovery codes by their beginnings, made before this transaction began.
    """
    account = db.get(Account, step.account_id, with_for_update=True)  # one at a time per account
    shown = one_time_codes.step_of(step.seed, typed, at=clock.now()) if account and step.seed else None
    if shown is None or not sign_in_steps.end(db, step_id=step.id):
        return False
    _forget(db, step.account_id)
    sealed = sealing.seal(step.seed, table="totp_device", row=step.account_id)
    device = TotpDevice(
        account_id=step.account_id, kid=sealed.kid, sealed=sealed.content, enrolled_at=clock.now(), last_step=shown
    )
    db.add(device)
    _store_codes(db, step.account_id, codes)
    sign_in_steps.end_all(db, account_id=step.account_id)
    audit.record(db, by, action="second_factor.enrolled", object_kind="account", object_id=step.account_id)
    return True


def renew_codes(db: Session, actor: Actor, *, codes: Mapping[str, str]) -> None:
    """Ten new recovery codes for oneself; those of before open nothing now."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    actor.require_fresh()
    account_id = actor.account_id or 0
    if db.get(TotpDevice, account_id, with_for_update=True) is None:
        raise Conflict("Set up the authenticator app first. Its recovery codes come with it.")
    db.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    _store_codes(db, account_id, codes)
    audit.record(db, actor, action="recovery_codes.renewed", object_kind="account", object_id=account_id)


def begin_again(db: Session, actor: Actor) -> str:
    """Set up another app for oneself: the first step of it. Nothing changes until the new app shows its code."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    actor.require_fresh()
    if not actor.is_staff:
        raise NotAllowed("The authenticator app is for members of staff.", by=actor)
    return sign_in_steps.begin(db, actor, target="/me/second-factor", enrol=True)


def remove(db: Session, actor: Actor, *, account_id: int) -> None:
    """Take app and codes from somebody who lost them, and sign them out everywhere; never from oneself."""
    actor.require(Permission.MANAGE_ROLES)
    if account_id == actor.account_id:
        raise NotAllowed("You cannot remove your own second factor. Another administrator does it for you.", by=actor)
    actor.require_fresh()
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    if db.scalar(query.where(col(Account.id) == account_id, scope.people(actor))) is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    if not _forget(db, account_id):
        raise Conflict("This account has no second factor.")
    sign_in_steps.end_all(db, account_id=account_id)
    account_effects.end_sessions(db, sa.select(sa.literal(account_id)), at=clock.now())
    audit.record(db, actor, action="second_factor.removed", object_kind="account", object_id=account_id)


def tell(db: Session, actor: Actor, *, account_id: int, removed: bool = False) -> int | None:
    """Queue the mail that says so to whom it belongs; gives the campaign that the caller starts after the commit.

    Whoever took it from somebody tells them; else everybody, between password and session too, tells themselves.
    """
    if removed:
        actor.require(Permission.MANAGE_ROLES)
    elif actor.account_id not in (None, account_id):
        raise NotFound("This is not your account.")
    kind = CampaignKind.SECOND_FACTOR_REMOVED if removed else CampaignKind.SECOND_FACTOR_SET
    return address_notices.tell(db, actor, kind=kind, account_ids=[account_id])


def _tried(db: Session, by: Actor, account_id: int) -> TotpDevice | None:
    """The app of the account, held so that no code counts twice; None while it has to wait, or where there is none."""
    db.get(Account, account_id, with_for_update=True)  # always the account first, as whoever ends its sign-ins does
    device = db.get(TotpDevice, account_id, with_for_update=True, populate_existing=True)
    if device is None or waits_until(db, account_id=account_id) is not None:
        _refused(db, by, account_id)
        return None
    return device


def _count_failure(db: Session, by: Actor, device: TotpDevice) -> None:
    """Four tries are free; then the account waits, longer each time, whatever browser or step they come from."""
    device.failed_tries += 1
    wait = sign_in_limits.wait_after(device.failed_tries)
    device.next_try_at = clock.now() + wait if wait else None
    db.add(device)
    _refused(db, by, device.account_id)


def _refused(db: Session, by: Actor, account_id: int) -> None:
    named = {"object_kind": "account", "object_id": account_id, "result": "refused"}
    audit.record(db, by, action="second_factor.refused", **named)  # type: ignore[arg-type]


def _seed(device: TotpDevice) -> bytes:
    try:
        sealed = sealing.Sealed(device.kid, device.sealed)
        return sealing.unseal(sealed, table="totp_device", row=device.account_id)
    except sealing.SealBroken:
        raise Conflict(UNREADABLE) from None


def _forget(db: Session, account_id: int) -> bool:
    """App and codes are gone; whether there was an app."""
    db.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    gone = db.execute(sa.delete(TotpDevice).where(col(TotpDevice.account_id) == account_id))
    return gone.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _store_codes(db: Session, account_id: int, codes: Mapping[str, str]) -> None:
    for hint, code_hash in codes.items():
        db.add(RecoveryCode(account_id=account_id, hint=hint, code_hash=code_hash, made_at=clock.now()))
    db.flush()
