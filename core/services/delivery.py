"""One message at a time: claim it, and afterwards mark what became of it. Nothing is sent in here.

At most once: a message is sent only by whoever claimed it, and the claim is committed before the call. What is found
`sending` without a runner becomes `unknown` and is never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import Campaign, CampaignStatus, Channel, FailureReason, Message, MessageStatus, SignInMethod
from core.permissions import system
from core.rules import sms_text, wording
from core.rules.delivery_status import Outcome
from core.services import audit, delivery_limits, delivery_texts, opt_outs
from core.services import delivery_statements as statements
from core.services.delivery_limits import Limits, Wait
from core.services.delivery_texts import Form
from core.tables import school, wordings

_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Batch:
    """What all messages of a batch share, read once. `put_off`: how many have to wait until another day."""

    campaign_id: int
    form: Form
    is_demo: bool
    pause_after: int
    limits: Limits
    message_ids: tuple[int, ...]
    put_off: int
    next_day: datetime

    @property
    def channel(self) -> str:
        return self.form.channel


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


@dataclass(frozen=True)
class Stop:
    """The campaign is to pause, with this sentence."""

    why: str


def open_batch(db: Session, *, campaign_id: int, batch: int) -> Batch | Wait | None:
    """Read what a batch needs; None when its campaign is gone or does not run, a Wait when it may not begin yet.

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
    own = school.settings(db)
    wait, room = delivery_limits.of_the_day(db, own=own, channel=campaign.channel)
    if campaign.starts_at > clock.now() and not _has_begun(db, campaign_id):
        wait = Wait(campaign.starts_at, "")
    if wait:
        _note_wait(db, campaign, wait)
        return wait
    _note_wait(db, campaign, None)
    waiting = select(Message.id).where(*mine, col(Message.status) == MessageStatus.QUEUED).order_by(col(Message.id))
    ids = tuple(message_id or 0 for message_id in db.scalars(waiting))
    return Batch(
        campaign_id,
        _form(db, campaign),
        own.is_demo,
        own.pause_after_failures,
        Limits.of(own),
        ids[:room],
        max(0, len(ids) - room),
        delivery_limits.next_day(own, campaign.channel),
    )


def claim(db: Session, *, batch: Batch, message_id: int) -> Claim | Wait | Stop | None:
    """Make the message ours and issue what it carries, in one transaction; None when it is not to be sent (any more).

    A Wait or a Stop leaves it as it is.
    """
    if batch.channel == Channel.SMS and (held := _held(db, batch, message_id)) is not False:
        return held
    connection = db.connection()  # without the mapper: nothing in these transactions is an object of the session
    taken = connection.execute(statements.CLAIM, {"message": message_id, "now": clock.now()}).first()
    if taken is None:
        return None
    people = connection.execute(statements.ADDRESSEE, {"message": message_id}).all()
    if batch.form.has_key or batch.form.asks_about_address or batch.form.resets:
        people = [person for person in people if _needs_it(batch.form, person, taken.language)]
    if not people:
        _drop(db, message_id)
        return None
    to = {"address": taken.address, "language": taken.language, "people": people}
    text, ends_at = delivery_texts.compose(db, batch.form, message_id=message_id, **to)
    if batch.channel == Channel.SMS:
        parts = sms_text.measure(text.text).segments
        connection.execute(statements.SEGMENTS, {"message": message_id, "parts": parts})
    return Claim(message_id, people[0].account_id, taken.address, taken.reference, taken.attempts, ends_at, text)


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
    if outcome.reason is FailureReason.OPTED_OUT:
        opt_outs.record(db, channel=marked.channel, address=marked.address)
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


def _has_begun(db: Session, campaign_id: int) -> bool:
    """Whether a message was ever tried: then a start in the future only says that the clock was set back (F12)."""
    tried = select(Message.id).where(col(Message.campaign_id) == campaign_id, col(Message.attempts) > 0)
    return db.exec(tried.limit(1)).first() is not None


def _form(db: Session, campaign: Campaign) -> Form:
    texts, place = wordings.texts(db, ids=campaign.wording_ids), school.place(school.settings(db))
    return Form(campaign.channel, campaign.kind, campaign.link_days, texts, place, keys.current())


def _held(db: Session, batch: Batch, message_id: int) -> Wait | Stop | Literal[False] | None:
    """What keeps a text message back; False when nothing does. One too many for its number fails for good."""
    if why := delivery_limits.budget_is_spent(db, batch.limits):
        return Stop(why)
    wait = delivery_limits.to_this_number(db, batch.limits, message_id=message_id)
    if isinstance(wait, str):
        _finish(db, message_id, status=MessageStatus.FAILED, reason=FailureReason.OVER_LIMIT, detail=wait)
        return None
    return wait or False


def _needs_it(form: Form, person: Any, language: str) -> bool:
    """Deactivated or signed in since the launch, or a password chosen meanwhile: nobody needs it any more."""
    if form.asks_about_address:
        return not person.deactivated_at
    if form.resets:
        return not person.deactivated_at and person.sign_in_method == SignInMethod.LOCAL
    done = person.deactivated_at or person.first_sign_in_at
    return not done and not (person.password_hash and form.needs_password(person, language))


def _drop(db: Session, message_id: int) -> None:
    _finish(db, message_id, status=MessageStatus.CANCELLED, reason=None, detail="not needed any more")


def _finish(db: Session, message_id: int, *, status: MessageStatus, reason: FailureReason | None, detail: str) -> None:
    values = {"status": status.value, "reason": reason, "detail": detail, "finished_at": clock.now()}
    live = col(Message.status).in_((MessageStatus.QUEUED, MessageStatus.SENDING))
    change = sa.update(Message).where(col(Message.id) == message_id, live)
    db.execute(change.values(values).execution_options(**_QUIET))


def _note_wait(db: Session, campaign: Campaign, wait: Wait | None) -> None:
    """The page of the campaign says what it waits for; written only when it is news."""
    until, why = (wait.until, wait.why) if wait else (None, "")
    if campaign.next_try_why != why or (until and campaign.next_try_at != until):
        campaign.next_try_at, campaign.next_try_why = until, why
        db.add(campaign)
