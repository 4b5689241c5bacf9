"""What happens in a school, by the services that do it: for tests of what holds whatever has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from core import database
from core.errors import AppError
from core.models import FailureReason, MessageStatus, Person
from core.permissions import visitor
from core.rules.account_acts import Act
from core.rules.delivery_status import Outcome
from core.services import account_acts, activation, campaigns, delivery, invitations, sign_in, students, wordings
from core.services.campaigns import Draft
from core.services.sign_in import Candidate
from core.tables.filters import AccountFilter
from tests.cast import Cast, Member
from tests.conftest import Clock

SENT = Outcome(MessageStatus.SENT, provider_id="<x@school.example>")
BOUNCED = Outcome(MessageStatus.FAILED, reason=FailureReason.BOUNCED)
UNKNOWN = Outcome(MessageStatus.UNKNOWN)


def _campaign(outcome: Outcome, _clock: Clock, cast: Cast, _member: Member) -> None:
    """To all students who can be invited; what is not possible now is no act."""
    draft = Draft(filter=AccountFilter(user_types=("student",)), again=True)
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    try:
        with database.transaction() as db:
            seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
            made = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
    except AppError:
        return
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=made.id or 0, batch=0)
    for message_id in batch.message_ids if batch else ():
        with database.transaction() as db:
            claim = delivery.claim(db, batch=batch, message_id=message_id) if batch else None
        if claim is not None:
            with database.transaction() as db:
                delivery.record(db, message_id=message_id, outcome=outcome)


def _redeem(_clock: Clock, _cast: Cast, member: Member) -> None:
    with database.transaction() as db:
        link = invitations.issue_link(db, account_id=member.account.id or 0, channel="copied", address="", days=7)
    try:
        with database.transaction() as db:
            activation.redeem(db, visitor(), token=link.token, password_hash="$argon2id$chosen")
    except AppError:
        return


def _sign_in(_clock: Clock, _cast: Cast, member: Member) -> None:
    with database.transaction() as db:
        sign_in.open(db, visitor(), candidate=Candidate(member.account.id, "$argon2id$chosen"), fits=True)


def _act(act: Act, _clock: Clock, cast: Cast, member: Member) -> None:
    ids = [member.account.id or 0]
    try:
        with database.transaction() as db:
            seen = account_acts.check(db, cast.ada.actor, act=act, account_ids=ids).seen
            account_acts.carry_out(db, cast.ada.actor, act=act, account_ids=ids, seen=seen)
    except AppError:
        return


def _contact(mobile: str, _clock: Clock, cast: Cast, member: Member) -> None:
    try:
        with database.transaction() as db:
            person = db.get_one(Person, member.person.id)
            students.save_contact(db, cast.olga.actor, person_id=person.id or 0, seen=person.updated_at, mobile=mobile)
    except AppError:
        return


def _days_pass(clock: Clock, _cast: Cast, _member: Member) -> None:
    clock.forward(days=4, hours=1)


KNOWN: Mapping[str, Callable[[Clock, Cast, Member], None]] = {
    "sent": partial(_campaign, SENT),
    "bounced": partial(_campaign, BOUNCED),
    "unknown": partial(_campaign, UNKNOWN),
    "redeemed": _redeem,
    "signed in": _sign_in,
    "deactivated": partial(_act, Act.DEACTIVATE),
    "activated": partial(_act, Act.ACTIVATE),
    "mobile": partial(_contact, "6971234567"),
    "no mobile": partial(_contact, ""),
    "days pass": _days_pass,
}
