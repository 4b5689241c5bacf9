"""From a link to a chosen password: looking changes nothing, one transaction uses the link up (R13, R14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.errors import InputProblem, TokenRejected
from core.models import Account, Channel, Purpose, SignInMethod, Superseded, metadata
from core.permissions import Actor
from core.rules import passwords
from core.rules.words import OBJECTION
from core.services import audit, invitations
from core.tables import handing_over, links, school

WAYS_IN = (Purpose.LINK, Purpose.RESET)
_invitation = metadata.tables["invitation"]
_USE = (
    sa.update(_invitation)
    .where(_invitation.c.id == sa.bindparam("invitation"), handing_over.live(_invitation.c, at=sa.bindparam("now")))
    .values(used_at=sa.bindparam("now"))
)


class Standing(StrEnum):
    """What a link is good for now."""

    LIVE = "live"
    ENDED = "ended"
    USED = "used"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Offer:
    """What a link opens. Only a genuine link tells anything; `at` is when it ended, was used or was replaced."""

    standing: Standing
    school_name: str
    invitation_id: int | None = None
    first_name: str = ""
    username: str = ""
    language: str = ""
    is_microsoft: bool = False
    shortest: int = 0
    about: tuple[str, ...] = ()
    at: datetime | None = None
    is_reset: bool = False

    @property
    def is_live(self) -> bool:
        return self.standing is Standing.LIVE


def look_up(db: Session, visitor: Actor, *, token: str) -> Offer:
    """What the link opens; reads only."""
    settings = school.settings(db)
    found = links.look(db, token=token, purposes=WAYS_IN)
    if found is None:
        return Offer(Standing.UNKNOWN, settings.school_name)
    standing, at = _standing(found, deactivated_at=found.deactivated_at)
    return Offer(
        standing,
        settings.school_name,
        found.invitation_id,
        found.first_name,
        found.username,
        found.language,
        found.sign_in_method == SignInMethod.MICROSOFT,
        school.shortest_password(settings, found.user_type),
        (found.first_name, found.middle_name, found.last_name, found.username, settings.school_name),
        at,
        found.purpose == Purpose.RESET,
    )


def check_password(offer: Offer, *, password: str) -> None:
    """Refuse a password that will not do, saying why in words; done before any lock is taken."""
    opinion = passwords.judge(password, shortest=offer.shortest, about=offer.about)
    if not opinion.accepted:
        raise InputProblem(OBJECTION[opinion.objections[0]], field="password", hint=opinion.objections[0].value)


def redeem(db: Session, visitor: Actor, *, token: str, password_hash: str) -> Account:
    """Store the chosen password and use the link up, once; everything older of this account ends.

    `password_hash` was made before this transaction began. Raises TokenRejected for a link that is no longer live.
    """
    found, now = links.find(db, token=token, purposes=WAYS_IN, held=True), clock.now()
    if found is None:
        raise TokenRejected(Standing.UNKNOWN)
    invitation, account, _person = found
    switched_off = account.deactivated_at is not None or account.sign_in_method != SignInMethod.LOCAL
    if switched_off or db.connection().execute(_USE, {"invitation": invitation.id, "now": now}).rowcount != 1:
        db.refresh(invitation)  # it was read before we had the account
        standing, at = _standing(invitation, deactivated_at=account.deactivated_at)
        raise TokenRejected(standing if standing is not Standing.LIVE else Standing.USED, at=at)
    account.password_hash, account.password_changed_at = password_hash, now
    account.verified_at, account.must_change_password = account.verified_at or now, False
    if invitation.channel == Channel.EMAIL:
        account.verified_address = invitation.address
    account.failed_sign_ins, account.next_try_at, account.suspended_at = 0, None, None  # a reset never locks (R09)
    db.add(account)
    db.flush()
    invitations.supersede(db, account_id=invitation.account_id, because=Superseded.PASSWORD_CHOSEN)
    action = "password.reset" if invitation.purpose == Purpose.RESET else "invitation.used"
    audit.record(db, visitor, action=action, object_kind="account", object_id=account.id)
    return account


def ask_new_link(db: Session, visitor: Actor, *, token: str) -> int | None:
    """Queue a new link to the address on file, for a genuine link only; gives the campaign to start, or nothing.

    The person is told the same in every case (R20, R22).
    """
    found = links.find(db, token=token, purposes=WAYS_IN)
    if found is None:
        return None
    _invitation, account, _person = found
    if account.deactivated_at or account.first_sign_in_at or account.id is None:
        return None
    campaign_id = invitations.queue_new_link(db, account_id=account.id)
    if campaign_id is not None:
        audit.record(db, visitor, action="invitation.asked_again", object_kind="account", object_id=account.id)
    return campaign_id


def _standing(invitation: Any, *, deactivated_at: datetime | None) -> tuple[Standing, datetime | None]:
    """Of an invitation, or a row with its columns."""
    if invitation.used_at:
        return Standing.USED, invitation.used_at
    if invitation.superseded_because == Superseded.PASSWORD_CHOSEN:
        return Standing.USED, invitation.superseded_at
    if deactivated_at:
        return Standing.ENDED, deactivated_at
    if invitation.superseded_at:
        replaced = invitation.superseded_because == Superseded.REPLACED
        return Standing.REPLACED if replaced else Standing.ENDED, invitation.superseded_at
    if invitation.expires_at <= clock.now():
        return Standing.ENDED, invitation.expires_at
    return Standing.LIVE, None
