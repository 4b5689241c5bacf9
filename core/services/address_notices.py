"""What goes out when messages go elsewhere: the old address is told, the new one is asked to confirm (R23)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.models import Account, Campaign, CampaignKind, Channel, Person
from core.permissions import Actor
from core.rules import message_text
from core.services import invitations
from core.tables import moved_addresses, school, wordings
from core.tables.recipients import Recipient

To = tuple[int, str, str]  # an account, an address, the person's language


def tell_left(db: Session, actor: Actor, *, left: Mapping[int, str]) -> int | None:
    """Queue a notice to the addresses that accounts had; it opens nothing, and says not where messages go now.

    Nobody is told who was never written to, or whose address bounced.
    """
    to: list[To] = []
    for part in database.slices(list(left)):
        old = {account_id: left[account_id] for account_id in part}
        known = moved_addresses.who_would_know(db, old)
        to += [(account_id, old[account_id], language) for account_id, language in known]
    return _queue(db, actor, CampaignKind.ADDRESS_CHANGED, to)


def ask_to_confirm(db: Session, actor: Actor, *, account_ids: Sequence[int]) -> int | None:
    """Queue a link with which a verified person says that the address in use is theirs; it opens nothing else."""
    to: list[To] = []
    for part in database.slices(account_ids):
        to += _verified(db, moved_addresses.now(db, part))
    return _queue(db, actor, CampaignKind.CONFIRM_ADDRESS, to)


def tell(db: Session, actor: Actor, *, kind: CampaignKind, account_ids: Sequence[int]) -> int | None:
    """Queue a notice about their account to where the messages of these people go now; it opens nothing."""
    now = moved_addresses.now(db, account_ids)
    query = sa.select(col(Account.id), col(Person.language)).join(Person, col(Person.id) == col(Account.person_id))
    rows = db.execute(query.where(col(Account.id).in_(list(now))).order_by(col(Account.id)))
    return _queue(db, actor, kind, [(account_id, now[account_id], language) for account_id, language in rows])


def _verified(db: Session, now: Mapping[int, str]) -> list[To]:
    """Of these accounts and where their messages go, those who are verified and active."""
    query = sa.select(col(Account.id), col(Person.language)).join(Person, col(Person.id) == col(Account.person_id))
    asked = (col(Account.verified_at).is_not(None), col(Account.deactivated_at).is_(None))
    rows = db.execute(query.where(col(Account.id).in_(list(now)), *asked).order_by(col(Account.id)))
    return [(account_id, now[account_id], language) for account_id, language in rows]


def _queue(db: Session, actor: Actor, kind: CampaignKind, to: Sequence[To]) -> int | None:
    texts = wordings.newest(db, kind=kind, channel=Channel.EMAIL)
    if not to or "en" not in texts:
        return None
    own = school.settings(db)
    people = [
        Recipient(account_id, address, message_text.language(language or own.default_language, texts))
        for account_id, address, language in to
    ]
    campaign = Campaign(
        kind=kind,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=own.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=len(people),
        recipients_digest="",
    )
    return invitations.queue(db, campaign=campaign, to=people)
