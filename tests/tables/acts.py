"""What happens in a school, by the services that do it: for tests of what holds whatever has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.errors import AppError, NotFound
from core.gateways.channels import Word
from core.models import Account, Campaign, CampaignKind, Channel, FailureReason, Message, MessageStatus, Person
from core.permissions import visitor
from core.rules import delivery_events as rules
from core.rules.bounce_reports import Fate, Report
from core.rules.delivery_status import Outcome
from core.services import (
    activation,
    bounces,
    campaign_moves,
    campaigns,
    delivery,
    delivery_events,
    invitations,
    opt_outs,
    sign_in,
    unknown_messages,
)
from core.services.campaigns import Draft
from core.services.delivery_claims import Batch, Claim
from core.services.sign_in import Candidate
from core.tables.filters import AccountFilter
from tests.cast import Cast
from tests.conftest import Clock

SENT = Outcome(MessageStatus.SENT, provider_id="<x@school.example>")
BOUNCED = Outcome(MessageStatus.FAILED, reason=FailureReason.BOUNCED)
UNKNOWN = Outcome(MessageStatus.UNKNOWN)
STUDENTS = AccountFilter(user_types=("student",))
BY_EMAIL = Draft(filter=STUDENTS, again=True)
EVERYBODY_BY_EMAIL = Draft(filter=AccountFilter(), again=True)
BY_SMS = Draft(kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=STUDENTS, again=True)


@dataclass(frozen=True)
class Now:
    """A moment in the life of the school; `number` chooses among whoever is there at that moment."""

    clock: Clock
    cast: Cast
    number: int

    def one(self, column: Any, *which: Any) -> int:
        """The id of one of the rows; where there is none, nothing happens."""
        with database.reading() as db:
            ids = list(db.scalars(sa.select(column).where(*which).order_by(column)))
        if not ids:
            raise NotFound("Nobody is there.")
        return int(ids[self.number % len(ids)])

    def person(self, kind: str = "student") -> int:
        return self.one(col(Person.id), col(Person.kind) == kind)

    def account(self) -> int:
        """Of anybody but Ada: whoever acts does not act on herself."""
        return self.one(col(Account.id), col(Account.id) != self.cast.ada.account.id)


Happening = Callable[[Now], None]


def refusal(act: Happening, now: Now) -> AppError | None:
    """Why it did not happen: what is refused at that moment is no act."""
    try:
        act(now)
    except AppError as refused:
        return refused
    return None


def _campaign(draft: Draft, outcome: Outcome, now: Now) -> None:
    """To all who can be written to."""
    campaign_id = _launched(draft, now)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=campaign_id, batch=0)
    if isinstance(batch, Batch):
        for message_id in batch.message_ids:
            _deliver(batch, message_id, outcome)


def _launched(draft: Draft, now: Now) -> int:
    with database.transaction() as db:
        seen = campaigns.check(db, now.cast.olga.actor, draft=draft).fingerprint
        made = campaigns.launch(db, now.cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
        return made.id or 0


def _deliver(batch: Batch, message_id: int, outcome: Outcome) -> None:
    with database.transaction() as db:
        claim = delivery.claim(db, batch=batch, message_id=message_id)
    if isinstance(claim, Claim):
        outcome = Outcome(outcome.status, outcome.reason, f"SM{message_id}" if outcome is SENT else None)
        with database.transaction() as db:
            delivery.record(db, message_id=message_id, outcome=outcome)


def _cancelled(now: Now) -> None:
    campaign_id = _launched(EVERYBODY_BY_EMAIL, now)
    with database.transaction() as db:
        campaign_moves.cancel(db, now.cast.olga.actor, campaign_id=campaign_id)


def _decided(move: Callable[..., object], now: Now) -> None:
    """A person says what became of messages of which nobody knows."""
    unknown = sa.select(col(Message.campaign_id)).where(col(Message.status) == MessageStatus.UNKNOWN)
    campaign_id = now.one(col(Campaign.id), col(Campaign.id).in_(unknown))
    with database.transaction() as db:
        move(db, now.cast.olga.actor, campaign_id=campaign_id)


def _latest(channel: str, now: Now, *among: MessageStatus) -> Message:
    sent = now.one(col(Message.id), col(Message.channel) == channel, col(Message.status).in_(among))
    with database.reading() as db:
        return db.get_one(Message, sent)


def _came_back(now: Now) -> None:
    message = _latest(Channel.EMAIL, now, MessageStatus.SENT, MessageStatus.UNKNOWN)
    with database.transaction() as db:
        bounces.record(db, reports=[Report(message.reference, Fate.FAILED, "5.1.1")])


def _called_back(status: str, code: str, now: Now) -> None:
    message = _latest(Channel.SMS, now, MessageStatus.SENT)
    with database.transaction() as db:
        said = Word(message.provider_id or "", status, code, message.reference)
        delivery_events.store(db, channel=Channel.SMS, words=[said])
        delivery_events.apply(db)


def _opted_out(now: Now) -> None:
    message = _latest(Channel.SMS, now, *MessageStatus)
    with database.transaction() as db:
        opt_outs.record(db, channel=Channel.SMS, address=message.address)


def _redeemed(now: Now) -> None:
    account_id = now.account()
    with database.transaction() as db:
        link = invitations.issue_link(db, account_id=account_id, channel="copied", address="", days=7)
    with database.transaction() as db:
        activation.redeem(db, visitor(), token=link.token, password_hash="$argon2id$chosen")


def _signed_in(now: Now) -> None:
    account_id = now.account()
    with database.transaction() as db:
        stored = db.get_one(Account, account_id).password_hash
        opened = sign_in.open(db, visitor(), candidate=Candidate(account_id, stored), fits=True)
    if opened is None:
        raise NotFound("They do not get in.")


def _locked_out(now: Now) -> None:
    """The hundredth wrong password; the ninety-nine before took days."""
    account_id = now.account()
    with database.transaction() as db:
        tried = sa.update(Account).where(col(Account.id) == account_id)
        db.execute(tried.values(failed_sign_ins=99, next_try_at=None))
        stored = db.exec(select(Account.password_hash).where(Account.id == account_id)).one()
    with database.transaction() as db:
        sign_in.open(db, visitor(), candidate=Candidate(account_id, stored), fits=False)


def _time_passes(hours: float, now: Now) -> None:
    now.clock.forward(hours=hours)


OF_MESSAGES: Mapping[str, Happening] = {
    "invited": partial(_campaign, BY_EMAIL, SENT),
    "all invited": partial(_campaign, EVERYBODY_BY_EMAIL, SENT),
    "refused at once": partial(_campaign, BY_EMAIL, BOUNCED),
    "unknown": partial(_campaign, BY_EMAIL, UNKNOWN),
    "found to have arrived": partial(_decided, unknown_messages.note_arrived),
    "came back": _came_back,
    "sent again": partial(_decided, unknown_messages.send_again),
    "cancelled": _cancelled,
    "texted": partial(_campaign, BY_SMS, SENT),
    "text arrived": partial(_called_back, "delivered", ""),
    "text lost": partial(_called_back, "undelivered", "30005"),
    "text refused": partial(_called_back, "failed", rules.OPTED_OUT),
    "opted out": _opted_out,
    "days pass": partial(_time_passes, 97),
    "hours pass": partial(_time_passes, 7.6),
    "redeemed": _redeemed,
    "signed in": _signed_in,
    "locked": _locked_out,
}
