"""Sends one batch: claim (committed), send with no transaction open, mark. A mark and the next claim are one commit."""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from core import database
from core.config import settings
from core.delivery.pacing import Pacer
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import choose
from core.gateways.channels import Email, EmailGateway
from core.models import MessageStatus
from core.rules import delivery_status
from core.rules.delivery_status import Outcome
from core.services import delivery
from core.services.delivery import Batch, Claim

PUT_OFF_AFTER = 5  # so many in a row put off: the server is away, the rest of the batch need not ask too
logger = logging.getLogger(__name__)
stopping = threading.Event()
_one_writer = threading.Lock()


@dataclass(frozen=True)
class Rest:
    """What a batch left: how many wait for another try, after how many seconds."""

    deferred: int = 0
    retry_after: float = 0.0

    def plus(self, outcome: Outcome) -> Rest:
        return Rest(self.deferred + 1, max(self.retry_after, outcome.retry_after or 0.0))


@dataclass(frozen=True)
class _Done:
    claim: Claim
    outcome: Outcome


def send(campaign_id: int, batch_number: int) -> Rest:
    """Send what waits in a batch. Ends early when the campaign is paused or cancelled, or this process is to stop."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        batch = delivery.open_batch(db, campaign_id=campaign_id, batch=batch_number)
    if batch is None or not batch.message_ids:
        return Rest()
    # In the demo nothing leaves this machine, whatever the settings say.
    gateway = choose.email(outbox=settings().email == "outbox" or batch.is_demo)
    try:
        return _send_all(batch, gateway)
    finally:
        gateway.close()


def _send_all(batch: Batch, gateway: EmailGateway) -> Rest:
    pacer, rest, in_a_row = Pacer(settings().email_rate / settings().email_slots), Rest(), 0
    done: _Done | None = None
    for place, message_id in enumerate(batch.message_ids):
        pacer.wait()
        if stopping.is_set():
            break
        claim = _mark_and_claim(batch, done, message_id)
        done = None
        if claim is None:
            continue
        done = _Done(claim, _send_one(batch, gateway, claim))
        if done.outcome.pause:
            _pause(batch, done)
            return Rest()
        if done.outcome.status is not MessageStatus.QUEUED:
            in_a_row = 0
            continue
        rest, in_a_row = rest.plus(done.outcome), in_a_row + 1
        if in_a_row >= PUT_OFF_AFTER:
            rest = replace(rest, deferred=rest.deferred + len(batch.message_ids) - place - 1)
            break
    _mark_and_claim(batch, done, None)
    return rest


def _mark_and_claim(batch: Batch, done: _Done | None, message_id: int | None) -> Claim | None:
    """One commit: the mark of the message that is gone, and the claim of the next one."""
    if done is None and message_id is None:
        return None
    with _turn(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        if done is not None:
            delivery.record(db, message_id=done.claim.message_id, outcome=done.outcome)
        return delivery.claim(db, batch=batch, message_id=message_id) if message_id is not None else None


def _turn() -> AbstractContextManager[object]:
    """SQLite has one writer; its waiting is asleep most of the time, so the slots of this process queue here."""
    return _one_writer if database.is_sqlite() else nullcontext()


def _pause(batch: Batch, done: _Done) -> None:
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        delivery.record(db, message_id=done.claim.message_id, outcome=done.outcome)
        delivery.pause(db, campaign_id=batch.campaign_id, why=done.outcome.pause)


def _send_one(batch: Batch, gateway: EmailGateway, claim: Claim) -> Outcome:
    """Call the gateway; whatever surprise it has for us, the message is never sent twice."""
    email = Email(claim.address, claim.text.subject, claim.text.text, claim.text.html, claim.reference)
    try:
        provider_id = gateway.send(email)
    except GatewayError as error:
        return delivery_status.of_error(error, attempt=claim.attempt)
    except Exception as error:  # noqa: BLE001  (unforeseen: it may have been accepted)
        logger.error("message %s: unforeseen %s", claim.message_id, type(error).__name__)
        return delivery_status.of_error(GatewayError(GatewayErrorKind.AMBIGUOUS, "unforeseen"), attempt=claim.attempt)
    written = settings().email == "outbox" and not batch.is_demo
    return Outcome(MessageStatus.WRITTEN if written else MessageStatus.SENT, provider_id=provider_id)
