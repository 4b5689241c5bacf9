"""A message to oneself, to see how it arrives: the same way out, the same outbox row, nothing that opens anything."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import InputProblem, LimitReached
from core.models import Account, Campaign, CampaignKind, Channel, Person
from core.permissions import Actor, Permission
from core.rules import message_text
from core.services import audit, invitations
from core.tables import plans, school, sending, sending_hold
from core.tables.recipients import Recipient

IN_AN_HOUR = 10


@dataclass(frozen=True)
class Test:
    """What was queued, and where it goes; the next moment inside the hours for messages, and whether all is held."""

    campaign_id: int
    address: str
    opens_at: datetime
    is_held: bool


def send(db: Session, actor: Actor, *, kind: CampaignKind, channel: Channel) -> Test:
    """Queue the text of `kind` to the sender's own address on file (R77: to no other); the caller starts the engine."""
    actor.require(Permission.SEND)
    mine = select(Account, Person).where(Account.id == actor.account_id, Person.id == Account.person_id)
    row = db.exec(mine).first()
    if row is None:
        raise InputProblem("A test goes to the address of whoever is signed in. The command line has none.")
    _refuse_too_many(db, actor)
    account, person = row
    address = _address(person, channel)
    own, texts = school.settings(db), plans.texts(db, kind=kind, channel=channel)
    spoken = message_text.language(person.language or own.default_language, texts)
    now = clock.now()
    campaign = Campaign(
        kind=CampaignKind.TEST,
        channel=channel,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=own.sms_password_days if channel is Channel.SMS else own.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=now,
        starts_at=now,
        recipients=1,
        recipients_digest="",
    )
    campaign_id = invitations.queue(db, campaign=campaign, to=[Recipient(account.id or 0, address, spoken)])
    audit.record(db, actor, action="test.sent", object_kind="campaign", object_id=campaign_id)
    return Test(campaign_id, address, sending.hours(own, channel).opens(now), sending_hold.read(db) is not None)


def _address(person: Person, channel: Channel) -> str:
    if channel is Channel.SMS:
        if not person.mobile_region:
            raise InputProblem("You have no valid mobile number yourself. Ask an administrator to enter it.")
        return person.mobile
    for address, valid in (
        (person.contact_email, person.contact_email_valid),
        (person.personal_email, person.personal_email_valid),
    ):
        if valid:
            return address
    raise InputProblem("You have no valid e-mail address yourself. Ask an administrator to enter it.")


def _refuse_too_many(db: Session, actor: Actor) -> None:
    lately = sa.select(sa.func.count()).where(
        col(Campaign.kind) == CampaignKind.TEST,
        col(Campaign.launched_by) == actor.account_id,
        col(Campaign.launched_at) > clock.now() - timedelta(hours=1),
    )
    if (db.scalar(lately) or 0) >= IN_AN_HOUR:
        raise LimitReached(f"You have sent {IN_AN_HOUR} tests within an hour. Wait a little, then try again.")
