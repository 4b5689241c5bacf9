"""One message at a time: claim it, and afterwards mark what became of it. Nothing is sent in here.

At most once: a message is sent only by whoever claimed it, and the claim is committed before the call. What is found
`sending` without a runner becomes `unknown` and is never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import (
    Campaign,
    CampaignKind,
    CampaignStatus,
    Message,
    MessageStatus,
    SignInMethod,
    Wording,
)
from core.permissions import system
from core.rules import message_text, wording
from core.rules.delivery_status import Outcome
from core.services import audit, invitations
from core.services import delivery_statements as statements
from core.tables import school, wordings

_QUIET = {"synchronize_session": False}
_NO_LINK = invitations.Issued(0, datetime(9000, 1, 1, tzinfo=UTC), "")  # what is told and opens nothing


@dataclass(frozen=True)
class Batch:
    """What all messages of a batch share, read once."""

    campaign_id: int
    channel: str
    kind: str
    link_days: int
    texts: dict[str, Wording]
    place: message_text.Place
    is_demo: bool
    message_ids: tuple[int, ...]
    key: keys.Key = field(repr=False)


@dataclass(frozen=True)
class Claim:
    """A message that is ours to send, with its text; the text holds a live link and is stored nowhere."""

    message_id: int
    account_id: int
    address: str
    reference: str
    attempt: int
    ends_at: datetime
    text: wording.Filled = field(repr=False)


def open_batch(db: Session, *, campaign_id: int, batch: int) -> Batch | None:
    """Read what a batch needs; None when its campaign is gone or does not run.

    Messages that a dead runner left in `sending` become `unknown` first: nobody can know whether they were accepted.
    """
    campaign = db.get(Campaign, campaign_id)
    if campaign is None:
        return None
    mine = (col(Message.campaign_id) == campaign_id, col(Message.batch) == batch)
    lost = Outcome(MessageStatus.UNKNOWN, detail="Firstkey stopped while it was being sent")
    for message_id in db.scalars(select(Message.id).where(*mine, col(Message.status) == MessageStatus.SENDING)).all():
        record(db, message_id=message_id or 0, outcome=lost)
    if campaign.status != CampaignStatus.RUNNING:
        return None
    waiting = select(Message.id).where(*mine, col(Message.status) == MessageStatus.QUEUED).order_by(col(Message.id))
    own = school.settings(db)
    return Batch(
        campaign_id,
        campaign.channel,
        campaign.kind,
        campaign.link_days,
        wordings.texts(db, ids=campaign.wording_ids),
        school.place(own),
        own.is_demo,
        tuple(message_id or 0 for message_id in db.scalars(waiting)),
        keys.current(),
    )


def claim(db: Session, *, batch: Batch, message_id: int) -> Claim | None:
    """Make the message ours and issue its link, in one transaction; None when it is not to be sent (any more)."""
    connection = db.connection()  # without the mapper: nothing in these transactions is an object of the session
    taken = connection.execute(statements.CLAIM, {"message": message_id, "now": clock.now()}).first()
    if taken is None:
        return None
    person = connection.execute(statements.ADDRESSEE, {"message": message_id}).one()
    notice = batch.kind == CampaignKind.ADDRESS_CHANGED
    if not notice and (person.deactivated_at or person.first_sign_in_at):
        _drop(db, message_id)
        return None
    issued = _NO_LINK if notice else _link(db, batch, message_id, person, taken.address)
    microsoft = person.sign_in_method == SignInMethod.MICROSOFT
    to = message_text.Addressee(person.first_name, person.last_name, person.username, microsoft, taken.language)
    link = f"{batch.place.base_url}/i/{issued.token}"
    text = message_text.render(batch.texts, to, batch.place, link=link, ends_at=issued.expires_at)
    return Claim(message_id, person.account_id, taken.address, taken.reference, taken.attempts, issued.expires_at, text)


def record(db: Session, *, message_id: int, outcome: Outcome) -> None:
    """Mark what became of a try, on the message and on its account. Never over a final status."""
    connection, now, final = db.connection(), clock.now(), outcome.status is not MessageStatus.QUEUED
    values = {
        "message": message_id,
        "after": outcome.status.value,
        "why": outcome.reason.value if outcome.reason else None,
        "more": outcome.detail or None,
        "provider": outcome.provider_id,
        "finished": now if final else None,
    }
    # An unknown one whose sender was alive after all: its word counts, but it was counted as an invitation before.
    was_unknown = False
    marked = connection.execute(statements.MARK, values | {"before": MessageStatus.SENDING.value}).first()
    if marked is None:
        was_unknown = True
        marked = connection.execute(statements.MARK, values | {"before": MessageStatus.UNKNOWN.value}).first()
    if marked is None or not final or outcome.status is MessageStatus.WRITTEN:
        return
    facts = {name: values[name] for name in ("message", "after", "why")} | {"where": marked.address}
    if outcome.status in (MessageStatus.SENT, MessageStatus.UNKNOWN) and not was_unknown:
        connection.execute(statements.INVITED, facts | {"now": now})
    else:
        connection.execute(statements.OUTCOME, facts)


def pause(db: Session, *, campaign_id: int, why: str) -> None:
    """Stop a campaign in which every message would fail alike."""
    running = (col(Campaign.id) == campaign_id, col(Campaign.status) == CampaignStatus.RUNNING)
    stop = sa.update(Campaign).where(*running).values(status=CampaignStatus.PAUSED.value, pause_reason=why)
    if db.execute(stop.execution_options(**_QUIET)).rowcount:  # type: ignore[attr-defined]
        audit.record(db, system("delivery"), action="campaign.paused", object_kind="campaign", object_id=campaign_id)


def _link(db: Session, batch: Batch, message_id: int, person: Any, address: str) -> invitations.Issued:
    """The link of an earlier try, or a new one that ends the older ones."""
    if person.invitation_id:
        earlier = invitations.same_link(db, invitation_id=person.invitation_id)
        if earlier:
            return earlier
    issued = invitations.issue_link(
        db, account_id=person.account_id, channel=batch.channel, address=address, days=batch.link_days, key=batch.key
    )
    db.connection().execute(statements.TIE, {"message": message_id, "invitation": issued.invitation_id})
    return issued


def _drop(db: Session, message_id: int) -> None:
    """Deactivated or signed in since the launch: nobody needs it any more."""
    values = {"status": MessageStatus.CANCELLED.value, "detail": "not needed any more", "finished_at": clock.now()}
    db.execute(sa.update(Message).where(col(Message.id) == message_id).values(values).execution_options(**_QUIET))
