"""One message at a time: claim it, and afterwards mark what became of it. Nothing is sent in here.

At most once: a message is sent only by whoever claimed it, and the claim is committed before the call. What is found
`sending` without a runner becomes `unknown` and is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import Campaign, CampaignStatus, FailureReason, Message, MessageStatus
from core.rules.delivery_status import Outcome
from core.services import delivery_claims, delivery_facts, delivery_limits, opt_outs
from core.services import delivery_statements as statements
from core.services.delivery_claims import Answer, Batch
from core.services.delivery_facts import News
from core.services.delivery_limits import FULL_DAY, OUT_OF_HOURS, Limits, Wait
from core.services.delivery_texts import Form
from core.tables import school, sending_hold, wordings

_QUIET = {"synchronize_session": False}
_UNDECIDED = frozenset({MessageStatus.SENDING.value, MessageStatus.UNKNOWN.value})
_GONE = frozenset({MessageStatus.SENT, MessageStatus.UNKNOWN})
_NO_NEWS = frozenset({MessageStatus.QUEUED, MessageStatus.WRITTEN, MessageStatus.CANCELLED})


Mark = tuple[int, Outcome]  # of a message, by its id


def open_batch(db: Session, *, campaign_id: int, batch: int) -> Batch | Wait | None:
    """Read what a batch needs; None when its campaign is gone or does not run, a Wait when it may not begin yet.

    Messages that a dead runner left in `sending` become `unknown` first: nobody can know whether they were accepted.
    """
    campaign = db.get(Campaign, campaign_id)
    if campaign is None:
        return None
    mine = (col(Message.campaign_id) == campaign_id, col(Message.batch) == batch)
    lost = Outcome(MessageStatus.UNKNOWN, detail="Firstkey stopped while it was being sent")
    left = db.scalars(select(Message.id).where(*mine, col(Message.status) == MessageStatus.SENDING))
    record_several(db, marks=[(message_id or 0, lost) for message_id in left])
    if campaign.status == CampaignStatus.CANCELLED:
        db.connection().execute(statements.CANCEL_WAITING, {"campaign": campaign_id, "now": clock.now()})
    if campaign.status != CampaignStatus.RUNNING or sending_hold.read(db) is not None:
        return None
    own = school.settings(db)
    wait, room = delivery_limits.of_the_day(db, own=own, channel=campaign.channel)
    if campaign.starts_at > clock.now() and not _has_begun(db, campaign_id):
        wait = Wait(campaign.starts_at, "")
    if wait:
        _note_wait(db, campaign, wait)
        return wait
    if not _was_put_off(campaign):
        _note_wait(db, campaign, None)
    waiting = select(Message.id).where(*mine, col(Message.status) == MessageStatus.QUEUED).order_by(col(Message.id))
    ids = tuple(message_id or 0 for message_id in db.scalars(waiting))
    return Batch(
        campaign_id,
        _form(db, campaign),
        own.is_demo,
        school.pause_after(own, campaign.channel),
        Limits.of(own, campaign.channel),
        ids[:room],
        max(0, len(ids) - room),
        delivery_limits.next_day(own, campaign.channel),
    )


def claim(db: Session, *, batch: Batch, message_id: int) -> Answer:
    """Make the message ours and issue what it carries; None when it is not to be sent (any more)."""
    return delivery_claims.together(db, wanted=[(batch, message_id)])[0]


def claim_several(db: Session, *, wanted: Sequence[tuple[Batch, int]]) -> list[Answer]:
    """The same for the messages that several senders ask for at once: one each."""
    return delivery_claims.together(db, wanted=wanted)


def record(db: Session, *, message_id: int, outcome: Outcome) -> None:
    """Mark what became of a try, on the message and on its account. Never over a final status."""
    record_several(db, marks=[(message_id, outcome)])


def record_several(db: Session, *, marks: Sequence[Mark]) -> None:
    """The same for several messages.

    An unknown one whose sender was alive after all: its word counts, but it was counted as an invitation before.
    """
    if not marks:
        return
    connection, outcomes = db.connection(), dict(marks)
    found = connection.execute(statements.STANDING, {"messages": list(outcomes)}).all()
    standing = [row for row in found if row.status in _UNDECIDED]
    if not standing:
        return
    outcomes |= {
        row.id: _of_cancelled(outcomes[row.id]) for row in standing if row.campaign == CampaignStatus.CANCELLED
    }
    now = clock.now()
    connection.execute(statements.MARK, [_mark(row.id, outcomes[row.id], now) for row in standing])
    counts = [row for row in standing if outcomes[row.id].status not in _NO_NEWS]
    for row in counts:
        if outcomes[row.id].reason is FailureReason.OPTED_OUT:
            opt_outs.record(db, channel=row.channel, address=row.address)
    delivery_facts.hear(db, [_news(row, outcomes[row.id]) for row in counts])


def note_put_off(db: Session, *, campaign_id: int, until: datetime, why: str) -> None:
    """Some of its messages wait for another try. Of several batches, the page names the one that is next."""
    at = col(Campaign.next_try_at)
    later = sa.or_(at.is_(None), at <= clock.now(), at > until)
    mine = (col(Campaign.id) == campaign_id, col(Campaign.status) == CampaignStatus.RUNNING, later)
    note = sa.update(Campaign).where(*mine).values(next_try_at=until, next_try_why=why)
    db.execute(note.execution_options(**_QUIET))


def spoil(db: Session, *, message_id: int, outcome: Outcome) -> None:
    """A message that cannot even be claimed fails: it would keep its batch from ever ending."""
    delivery_claims.fail(db, message_id, outcome)


def _has_begun(db: Session, campaign_id: int) -> bool:
    """Whether a message was ever tried: then a start in the future only says that the clock was set back (F12)."""
    tried = select(Message.id).where(col(Message.campaign_id) == campaign_id, col(Message.attempts) > 0)
    return db.exec(tried.limit(1)).first() is not None


def _form(db: Session, campaign: Campaign) -> Form:
    texts, own = wordings.texts(db, ids=campaign.wording_ids), school.settings(db)
    what = (campaign.channel, campaign.kind, campaign.link_days)
    return Form(*what, texts, school.place(own), school.policy(own), keys.current())


def _of_cancelled(outcome: Outcome) -> Outcome:
    """Nobody tries again for a campaign that was cancelled during the try."""
    waits = outcome.status is MessageStatus.QUEUED
    return replace(outcome, status=MessageStatus.CANCELLED, reason=None) if waits else outcome


def _mark(message_id: int, outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {
        "message": message_id,
        "after": outcome.status.value,
        "why": outcome.reason.value if outcome.reason else None,
        "more": outcome.detail or None,
        "provider": outcome.provider_id,
        "finished": now if outcome.status is not MessageStatus.QUEUED else None,
    }


def _news(row: Any, outcome: Outcome) -> News:
    is_new = outcome.status in _GONE and row.status == MessageStatus.SENDING
    return News(row.id, row.address, outcome.status, outcome.reason, is_new)


def _was_put_off(campaign: Campaign) -> bool:
    """Whether messages of another batch wait for another try; a limit that the school has raised is over."""
    until, why = campaign.next_try_at, campaign.next_try_why
    return until is not None and until > clock.now() and why not in ("", OUT_OF_HOURS, FULL_DAY)


def _note_wait(db: Session, campaign: Campaign, wait: Wait | None) -> None:
    """The page of the campaign says what it waits for; written only when it is news."""
    until, why = (wait.until, wait.why) if wait else (None, "")
    if campaign.next_try_why != why or (until and campaign.next_try_at != until):
        campaign.next_try_at, campaign.next_try_why = until, why
        db.add(campaign)
