"""Asks the provider about text messages of which no final word came (R86), and gives up after 72 hours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core import clock, database
from core.config import settings
from core.delivery import batches
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways.channels import SmsLookup, Word
from core.models import Channel
from core.services import delivery_events, reconciliation
from core.services.reconciliation import Silent
from core.tables import school

TOGETHER = 20  # so many answers are one commit
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """About how many messages the provider was to be asked, how many it answered, how many are decided by now.

    `just_now`: some left too short ago to be asked about.
    """

    due: int
    answered: int
    decided: int
    just_now: bool = False


def run_once() -> int:
    """Ask about what is due; gives how many words moved a message or confirmed it. Nothing where no SMS leaves.

    Raises what went wrong when there was something to ask about and not a single answer: that the housekeeping counts.
    """
    lookup = _provider()
    if lookup is None:
        return 0
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        heard = delivery_events.apply(db)
        reconciliation.close_old(db)
    with database.reading() as db:
        silent = reconciliation.due(db, now=clock.now())
    asked = _ask_all(lookup, silent)
    if asked.problem and not asked.answered:
        raise asked.problem
    return heard + asked.heard


def ask_now(*, campaign_id: int) -> Answers | None:
    """Ask about the unknown messages of a campaign, because somebody waits; None where nobody can be asked."""
    try:
        lookup = _provider()
    except SettingsError as problem:
        logger.warning("text messages cannot be asked about: %s", problem)
        return None
    if lookup is None:
        return None
    with database.reading() as db:
        silent = reconciliation.due(db, now=clock.now(), campaign_id=campaign_id)
    answered = _ask_all(lookup, silent).answered
    with database.reading() as db:
        decided = reconciliation.decided(db, message_ids=[one.message_id for one in silent])
        just_now = reconciliation.left_just_now(db, campaign_id=campaign_id)
    return Answers(len(silent), answered, decided, just_now)


@dataclass(frozen=True)
class _Asked:
    """How many were answered, how many words that brought, and why no more were asked about."""

    answered: int
    heard: int
    problem: GatewayError | None = None


def _ask_all(lookup: SmsLookup, silent: Sequence[Silent]) -> _Asked:
    answered = heard = 0
    for start in range(0, len(silent), TOGETHER):
        some = silent[start : start + TOGETHER]
        answers, problem = _ask(lookup, some)
        answered, heard = answered + len(answers), heard + _note(answers)
        if len(answers) < len(some):  # it cannot be reached, or this process is to stop: the next run goes on
            return _Asked(answered, heard, problem)
    return _Asked(answered, heard)


def _provider() -> SmsLookup | None:
    """None where nothing leaves this machine: the demo, and the outbox. Refuses where its settings are not whole."""
    if settings().sms != "twilio":
        return None
    with database.reading() as db:
        if school.settings(db).is_demo:
            return None
    from core.gateways import twilio_sms  # its package takes long to load, and most schools have no use for it

    return twilio_sms.from_settings()


def _ask(lookup: SmsLookup, some: Sequence[Silent]) -> tuple[list[tuple[Silent, list[Word]]], GatewayError | None]:
    """With no transaction open; what was answered until the provider had enough, and how it said that."""
    answers: list[tuple[Silent, list[Word]]] = []
    for silent in some:
        if batches.stopping.is_set():
            break
        try:
            found = lookup.look_up(provider_id=silent.provider_id, to=silent.address, since=silent.since)
        except GatewayError as error:
            if error.kind is not GatewayErrorKind.PERMANENT:
                logger.warning("asking about message %s failed (%s)", silent.message_id, error.kind)
                return answers, error
            found = []  # there is no such message, and there will not be one
        answers.append((silent, found))
    return answers, None


def _note(answers: Sequence[tuple[Silent, list[Word]]]) -> int:
    """One commit: store what was said under our own names for the messages, and apply it."""
    if not answers:
        return 0
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        for silent, said in answers:
            name = silent.provider_id or reconciliation.own(
                db, silent=silent, provider_ids=[word.provider_id for word in said]
            )
            words = [replace(word, reference=silent.reference) for word in said if word.provider_id == name]
            delivery_events.store(db, channel=Channel.SMS, words=words)
            reconciliation.asked(db, message_ids=[silent.message_id], not_known=[] if said else [silent.message_id])
        return delivery_events.apply(db)
