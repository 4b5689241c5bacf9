"""What follows when an address is no longer a person's: it opens nothing any more, and is told (R17, R23)."""

from __future__ import annotations

import secrets
from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
    SchoolSettings,
    Superseded,
)
from core.permissions import Actor
from core.rules import message_text, reachability
from core.services import invitations
from core.tables import person_facts, recipients, school, wordings
from core.tables.recipients import Recipient

_QUIET = {"synchronize_session": False}


def invitation_address(person: Person, account: Account, own: SchoolSettings) -> str:
    """Where the person's messages go at this moment, if anywhere."""
    return reachability.email_address(recipients.contact(person, account), school.policy(own)).address


def close(db: Session, *, account_id: int, addresses: Collection[str]) -> int:
    """End the open invitations to these addresses and the messages that wait to go there; gives how many ended."""
    now = clock.now()
    _cancel_waiting(db, account_id, addresses)
    open_ones = sa.and_(
        col(Invitation.account_id) == account_id,
        col(Invitation.address).in_(addresses),
        col(Invitation.used_at).is_(None),
        col(Invitation.superseded_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    because = {"superseded_at": now, "superseded_because": Superseded.ADDRESS_CHANGED}
    ended = db.execute(sa.update(Invitation).where(open_ones).values(because).execution_options(**_QUIET))
    number = int(getattr(ended, "rowcount", 0))
    if number:
        was_open = (col(Account.id) == account_id, col(Account.invitation_ends_at) > now)
        db.execute(sa.update(Account).where(*was_open).values(invitation_ends_at=now).execution_options(**_QUIET))
    return number


def tell(db: Session, actor: Actor, *, person: Person, account: Account, old: str, own: SchoolSettings) -> int | None:
    """Queue a notice to the old address; gives its campaign. Nobody is told who was never written to, or bounced.

    The person is told nothing that opens anything, and not where messages go now.
    """
    side = person_facts.account_side(account)
    known_there = account.invited_at or account.verified_at or account.first_sign_in_at
    texts = wordings.newest(db, kind=CampaignKind.ADDRESS_CHANGED, channel=Channel.EMAIL)
    if not known_there or "en" not in texts or (side and side.bounced_address == old):
        return None
    campaign = Campaign(
        kind=CampaignKind.ADDRESS_CHANGED,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=own.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=1,
        recipients_digest="",
    )
    spoken = message_text.language(person.language or own.default_language, texts)
    return invitations.queue(db, campaign=campaign, to=[Recipient(account.id or 0, old, spoken)])


def _cancel_waiting(db: Session, account_id: int, addresses: Collection[str]) -> None:
    """A launch freezes addresses: without this a message that still waits would carry a new link to the old one."""
    mine = sa.select(col(MessageAccount.message_id)).join(Campaign, col(Campaign.id) == col(MessageAccount.campaign_id))
    links = mine.where(col(MessageAccount.account_id) == account_id, col(Campaign.kind) != CampaignKind.ADDRESS_CHANGED)
    waiting = (
        col(Message.id).in_(links),
        col(Message.address).in_(addresses),
        col(Message.status) == MessageStatus.QUEUED,
    )
    values = {
        "status": MessageStatus.CANCELLED,
        "detail": "the address was changed",
        "finished_at": clock.now(),
    }
    db.execute(sa.update(Message).where(*waiting).values(values).execution_options(**_QUIET))
