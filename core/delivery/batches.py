"""Sends one batch: claim (committed), send with no transaction open, mark. A mark and the next claim are one commit."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import clock, database, requests
from core.config import settings
from core.delivery import breaker, pacing, streaks, turns
from core.delivery.breaker import Breaker
from core.delivery.couriers import Courier
from core.delivery.pacing import Pacer
from core.models import Channel, MessageStatus
from core.rules.delivery_status import Outcome, wait_before, why_paused
from core.services import campaign_pauses, delivery
from core.services.delivery import Mark
from core.services.delivery_claims import Batch, Claim, Stop
from core.services.delivery_limits import FULL_DAY, Wait
from core.tables import unfinished

_RESTING = "Messages were put off, so nothing is tried for a while."
WAITED_FOR_S = 60.0  # a longer rest puts the batch off
stopping = threading.Event()
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rest:
    """What a batch left: how many wait for another try, after how many seconds, and why the latest of them does."""

    deferred: int = 0
    retry_after: float = 0.0
    why: str = ""

    def plus(self, seconds: float, why: str, number: int = 1) -> Rest:
        return Rest(self.deferred + number, max(self.retry_after, seconds), why or self.why)


def send(campaign_id: int, batch_number: int, attempt: int = 1) -> Rest:
    """Send what waits in a batch. Ends early when the campaign is paused or cancelled, or this process is to stop."""
    with requests.for_campaign(campaign_id):
        rest = _send(campaign_id, batch_number)
        if rest.why:
            _note_put_off(campaign_id, max(wait_before(attempt + 1), rest.retry_after), rest.why)
        logger.info("batch %s ended, %s put off", batch_number, rest.deferred)
    return rest


def _send(campaign_id: int, batch_number: int) -> Rest:
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        batch = delivery.open_batch(db, campaign_id=campaign_id, batch=batch_number)
    if isinstance(batch, Wait):
        return Rest(1, _seconds(batch.until))
    if batch is None:
        return Rest()
    put_off = Rest().plus(_seconds(batch.next_day), FULL_DAY, batch.put_off) if batch.put_off else Rest()
    if not batch.message_ids:
        return put_off
    courier = Courier(batch)
    try:
        with pacing.of(batch.channel).slot():
            return _send_all(batch, courier, put_off)
    finally:
        courier.close()


def seconds_to_start(campaign_id: int) -> float:
    """How long the campaign has to wait until its first message may leave."""
    with database.reading() as db:
        starts_at = unfinished.starts_at(db, campaign_id=campaign_id)
    return max(0.0, (starts_at - clock.now()).total_seconds()) if starts_at else 0.0


def channel_of(campaign_id: int) -> Channel:
    """By which channel a campaign goes out."""
    with database.reading() as db:
        return unfinished.channel(db, campaign_id=campaign_id)


def _send_all(batch: Batch, courier: Courier, rest: Rest) -> Rest:
    line, pacer, per_second = breaker.of(batch.channel), pacing.of(batch.channel), _per_second(batch)
    mark: Mark | None = None
    for place, message_id in enumerate(batch.message_ids):
        pacer.wait(per_second)
        if line.asked():
            turns.take(batch, mark, None)  # what became of the last one is stored before a rest
            mark = None
            _wait_as_asked(line, pacer, per_second)
        if stopping.is_set():
            break
        if resting := line.resting():  # what one slot heard holds for all of them
            rest = rest.plus(resting, rest.why or _RESTING, len(batch.message_ids) - place)
            break
        claim = turns.take(batch, mark, message_id)
        mark = None
        if isinstance(claim, Stop):
            _pause(batch, claim.why)
            return Rest()
        if isinstance(claim, Wait):
            rest = rest.plus(_seconds(claim.until), claim.why, len(batch.message_ids) - place if claim.all else 1)
            if claim.all:
                break
        if claim is None or isinstance(claim, Wait):
            continue
        if isinstance(claim, Claim):
            pacer.leave(per_second)
            outcome = courier.deliver(claim)
        else:
            outcome = claim
        mark = (message_id, outcome)
        if why := _reason_to_pause(batch, outcome):
            turns.take(batch, mark, None)
            _pause(batch, why)
            return Rest()
        if outcome.status is MessageStatus.QUEUED:
            rest = rest.plus(outcome.retry_after or 0.0, _put_off_because(outcome))
    turns.take(batch, mark, None)
    return rest


def _wait_as_asked(line: Breaker, pacer: Pacer, per_second: float) -> None:
    """A provider that is a little too busy asks for seconds at a time: put off each time, a batch would never end."""
    while 0 < (asked := line.asked()) <= WAITED_FOR_S and not stopping.wait(asked):
        pacer.wait(per_second)


def _per_second(batch: Batch) -> float:
    """The rate of one slot."""
    own = settings()
    return own.sms_rate / own.sms_slots if batch.channel == Channel.SMS else own.email_rate / own.email_slots


def _reason_to_pause(batch: Batch, outcome: Outcome) -> str:
    """The provider turns all of them away alike, or so many failed one after the other that somebody should look."""
    _tell_breaker(batch.channel, outcome)
    if outcome.pause:
        return outcome.pause
    failed = streaks.after(batch.campaign_id, outcome.status)
    return why_paused(failed, outcome.detail) if failed >= batch.pause_after else ""


def _tell_breaker(channel: str, outcome: Outcome) -> None:
    """Only what the server put off counts: an address that it refuses is no fault of the line."""
    if outcome.status is MessageStatus.QUEUED and not outcome.pause:
        breaker.of(channel).failed(outcome.retry_after)
    elif outcome.status is not MessageStatus.QUEUED:
        breaker.of(channel).succeeded()


def _pause(batch: Batch, why: str) -> None:
    streaks.forget(batch.campaign_id)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        campaign_pauses.pause(db, campaign_id=batch.campaign_id, why=why)


def _put_off_because(outcome: Outcome) -> str:
    return f"Some messages were put off: {outcome.detail}." if outcome.detail else "Some messages were put off."


def _note_put_off(campaign_id: int, seconds: float, why: str) -> None:
    """The page of the campaign says why it stands still, and until when."""
    until = clock.now() + timedelta(seconds=seconds)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        delivery.note_put_off(db, campaign_id=campaign_id, until=until, why=why)


def _seconds(until: datetime) -> float:
    return max(0.5, (until - clock.now()).total_seconds())
