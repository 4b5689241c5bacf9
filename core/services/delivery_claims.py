"""Claims: a message becomes that of one sender, with the links it carries, before it is sent. Several to a commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Channel, FailureReason, Message, MessageStatus
from core.rules import sms_text, wording
from core.rules.delivery_status import Outcome
from core.services import delivery_facts, delivery_limits, delivery_refusals, delivery_texts, family_messages
from core.services import delivery_statements as statements
from core.services.delivery_facts import News
from core.services.delivery_limits import Limits, Wait
from core.services.delivery_texts import Form, Letter


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
    letter: Letter = field(repr=False)

    @property
    def ends_at(self) -> datetime:
        return self.letter.ends_at

    @cached_property
    def text(self) -> wording.Filled:
        """Written when it is asked for: the sender does that outside the transaction."""
        return delivery_texts.compose(self.letter)


@dataclass(frozen=True)
class Stop:
    """The campaign is to pause, with this sentence."""

    why: str


_STOPPED = Outcome(MessageStatus.FAILED, FailureReason.OPTED_OUT, "reach them in another way")
Answer = Claim | Wait | Stop | None


def together(db: Session, *, wanted: Sequence[tuple[Batch, int]]) -> list[Answer]:
    """Make messages ours and issue what they carry; None for one that is not to be sent (any more).

    A Wait or a Stop leaves a message as it is. Each campaign by itself: two may write to one account, and the link
    issued later ends the earlier one.
    """
    answers: dict[int, Answer] = {}
    for _, same in groupby(sorted(wanted, key=_campaign), key=_campaign):
        batches = {message_id: batch for batch, message_id in same}
        answers |= _texts(db, batches) if _by_sms(batches) else _claim(db, batches)
    return [answers.pop(message_id, None) for _, message_id in wanted]  # asked for twice, it goes to one


def finish(db: Session, message_id: int, *, status: MessageStatus, reason: FailureReason | None, detail: str) -> bool:
    """A message that waits, or was just claimed, goes nowhere; gives whether it was such a one."""
    values = {"status": status.value, "reason": reason, "detail": detail, "finished_at": clock.now()}
    live = col(Message.status).in_((MessageStatus.QUEUED, MessageStatus.SENDING))
    change = sa.update(Message).where(col(Message.id) == message_id, live)
    done = db.execute(change.values(values).execution_options(synchronize_session=False))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def fail(db: Session, message_id: int, outcome: Outcome) -> None:
    """A message that was not even tried failed, and its people show it like any other that failed."""
    if not finish(db, message_id, status=outcome.status, reason=outcome.reason, detail=outcome.detail):
        return  # it was cancelled a moment ago: nothing came of it
    address = db.scalar(sa.select(col(Message.address)).where(col(Message.id) == message_id))
    delivery_facts.hear(db, [News(message_id, address or "", outcome.status, outcome.reason)])


def _campaign(wanted: tuple[Batch, int]) -> int:
    return wanted[0].campaign_id


def _by_sms(batches: Mapping[int, Batch]) -> bool:
    return next(iter(batches.values())).channel == Channel.SMS


def _texts(db: Session, batches: Mapping[int, Batch]) -> dict[int, Answer]:
    """One after the other, in all processes: each counts for what may still be spent, and for the number it goes to."""
    delivery_limits.one_at_a_time(db)
    answers: dict[int, Answer] = {}
    for message_id, batch in batches.items():
        if why := delivery_limits.budget_is_spent(db, batch.limits):
            answers[message_id] = Stop(why)
            continue
        held = delivery_limits.to_this_number(db, batch.limits, message_id=message_id)
        if isinstance(held, str):
            fail(db, message_id, Outcome(MessageStatus.FAILED, FailureReason.NUMBER_FULL, held))
        elif held:
            answers[message_id] = held
        elif claim := _claim(db, {message_id: batch}).get(message_id):
            parts = sms_text.measure(claim.text.text).segments
            db.connection().execute(statements.SEGMENTS, {"message": message_id, "parts": parts})
            answers[message_id] = claim
    return answers


def _claim(db: Session, batches: Mapping[int, Batch]) -> dict[int, Claim]:
    connection = db.connection()  # without the mapper: nothing in these transactions is an object of the session
    taken = connection.execute(statements.CLAIM, {"messages": list(batches), "now": clock.now()}).all()
    people = _addressees(db, next(iter(batches.values())).form, [message.id for message in taken])
    letters: dict[int, Letter] = {}
    for message in taken:
        form, asked = batches[message.id].form, people.get(message.id, [])
        left_out = {one.account_id: why for one in asked if (why := delivery_refusals.why_not(form, one, message))}
        needing = tuple(one for one in asked if one.account_id not in left_out)
        if _goes_nowhere(db, batches[message.id], message.id, needing, left_out):
            continue
        for account_id, why in left_out.items():
            family_messages.take_out(db, message_id=message.id, account_ids=[account_id], why=why)
        letters[message.id] = Letter(message.id, form, message.address, message.language, needing)
    issued = {letter.message_id: letter for letter in delivery_texts.issue(db, list(letters.values()))}
    return {message.id: _made(message, issued[message.id]) for message in taken if message.id in issued}


def _goes_nowhere(
    db: Session, batch: Batch, message_id: int, needing: Collection[Any], left_out: Mapping[int, str]
) -> bool:
    """Ends here what nobody needs any more, or whose number wants none: before anything is issued, and as no try."""
    wants_none = batch.channel == Channel.SMS and delivery_limits.wants_none(db, message_id=message_id)
    if needing and not wants_none:
        return False
    db.connection().execute(statements.NOT_TRIED, {"message": message_id})
    if needing:
        fail(db, message_id, _STOPPED)  # an earlier link goes on working
    else:
        why = next(iter(left_out.values()), delivery_refusals.NOT_NEEDED)
        finish(db, message_id, status=MessageStatus.CANCELLED, reason=None, detail=why)
    return True


def _addressees(db: Session, form: Form, message_ids: Collection[int]) -> dict[int, list[Any]]:
    if not message_ids:
        return {}
    query = statements.addressees(form.channel, form.policy)
    rows = db.connection().execute(query, {"messages": list(message_ids)}).all()
    return {message_id: list(of_it) for message_id, of_it in groupby(rows, key=lambda row: row.message_id)}


def _made(message: Any, letter: Letter) -> Claim:
    to = (message.address, message.reference, message.attempts)
    return Claim(message.id, letter.people[0].account_id, *to, letter)
