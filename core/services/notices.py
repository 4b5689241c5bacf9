"""Messages that Firstkey sends by itself: what happened to an account, and alarms. Each goes to addresses on file."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Campaign, CampaignKind, Channel, MessageAccount, Person
from core.rules import message_text
from core.services import invitations
from core.tables import account_roles, moved_addresses, school, wordings
from core.tables.recipients import Recipient

To = tuple[int, str, str]  # an account, an address, the person's language
_ONCE_A = {CampaignKind.NEW_DEVICE: timedelta(days=1)}


def tell(db: Session, *, kind: CampaignKind, account_id: int) -> int | None:
    """Queue a notice to the owner of an account; None where no e-mail address is on file, or they were told lately."""
    if kind in _ONCE_A and _told_since(db, kind, account_id, clock.now() - _ONCE_A[kind]):
        return None
    where = moved_addresses.now(db, [account_id])
    language = db.scalar(
        sa.select(col(Person.language))
        .join(Account, col(Account.person_id) == col(Person.id))
        .where(col(Account.id) == account_id)
    )
    return queue(
        db, kind=kind, channel=Channel.EMAIL, to=[(account_id, where[account_id], language or "")] if where else []
    )


def alarm(db: Session) -> int | None:
    """Queue the alarm about wrong sign-ins to everybody who administers today."""
    query = sa.select(col(Account.id), col(Person.language)).join(Person, col(Person.id) == col(Account.person_id))
    languages = {row[0]: row[1] for row in db.execute(query.where(account_roles.administers_today()))}
    where = moved_addresses.now(db, list(languages))
    to = [(account_id, where[account_id], languages[account_id]) for account_id in sorted(where)]
    return queue(db, kind=CampaignKind.SIGN_IN_ALARM, channel=Channel.EMAIL, to=to)


def queue(
    db: Session,
    *,
    kind: CampaignKind,
    channel: Channel,
    to: Sequence[To],
    by: str = "system",
    link_days: int | None = None,
) -> int | None:
    """Queue a message of this kind; gives the campaign, which the caller starts after the commit."""
    texts = wordings.newest(db, kind=kind, channel=channel)
    if not to or "en" not in texts:
        return None
    own, now = school.settings(db), clock.now()
    people = [
        Recipient(account_id, address, message_text.language(language or own.default_language, texts))
        for account_id, address, language in to
    ]
    campaign = Campaign(
        kind=kind,
        channel=channel,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=own.link_days if link_days is None else link_days,
        launched_by_label=by,
        launched_at=now,
        starts_at=now,
        recipients=len(people),
        recipients_digest="",
    )
    return invitations.queue(db, campaign=campaign, to=people)


def _told_since(db: Session, kind: CampaignKind, account_id: int, since: object) -> bool:
    told = sa.select(col(Campaign.id)).join(MessageAccount, col(MessageAccount.campaign_id) == col(Campaign.id))
    mine = (col(MessageAccount.account_id) == account_id, col(Campaign.kind) == kind)
    return db.scalar(told.where(*mine, col(Campaign.launched_at) > since).limit(1)) is not None
