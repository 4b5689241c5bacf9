"""Bulk sending: check without effects, launch in one transaction, pause, resume, cancel."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.config import settings
from core.errors import Conflict, InputProblem, NotFound
from core.models import Campaign, CampaignKind, CampaignStatus, Channel, Message, MessageStatus, SchoolSettings
from core.permissions import Actor, Permission
from core.rules import message_text, wording
from core.rules.reachability import Refusal
from core.services import audit, invitations, selections
from core.services.invitations import Recipient
from core.tables import accounts, recipients, samples, school, wordings
from core.tables.filters import AccountFilter

TYPED_COUNT_ABOVE = 1000  # then the sender types the number (DESIGN §10)
SAMPLES_PER_LANGUAGE = 3


@dataclass(frozen=True)
class Draft:
    """What somebody wants to send, and to whom: a stored selection, or a filter on the command line."""

    kind: CampaignKind = CampaignKind.INITIAL_INVITATION
    channel: Channel = Channel.EMAIL
    selection_id: int | None = None
    filter: AccountFilter | None = None


@dataclass(frozen=True)
class Sample:
    """The mail of one recipient, with a link that opens nothing."""

    who: str
    language: str
    address: str
    text: wording.Filled


@dataclass(frozen=True)
class Check:
    """What a launch would do. `sends` is False when the outbox of a real school would only write it down."""

    receive: int
    skipped: dict[Refusal, int]
    shared_addresses: int
    closed_mailboxes: int
    samples: tuple[Sample, ...]
    sends: bool
    fingerprint: str

    @property
    def typed_count_wanted(self) -> bool:
        return self.receive > TYPED_COUNT_ABOVE


def check(db: Session, actor: Actor, *, draft: Draft) -> Check:
    """Look without touching: who will receive it, who will not and why, how it reads."""
    actor.require(Permission.SEND)
    found = _recipients(db, actor, draft)
    ids, settings_of_school = _account_ids(db, actor, draft), school.settings(db)
    policy = school.policy(settings_of_school)
    times = Counter(recipient.address for recipient in found)
    return Check(
        receive=len(found),
        skipped=recipients.skipped(db, account_ids=ids, policy=policy),
        shared_addresses=sum(number > 1 for number in times.values()),
        closed_mailboxes=recipients.into_closed_mailboxes(db, account_ids=ids, policy=policy),
        samples=_samples(db, draft, found),
        sends=sends(settings_of_school),
        fingerprint=_fingerprint(found, wordings.newest(db, kind=draft.kind, channel=draft.channel)),
    )


def launch(
    db: Session, actor: Actor, *, draft: Draft, seen: str, idempotency_key: str, typed_count: int | None = None
) -> Campaign:
    """Turn a checked draft into queued messages, all in this transaction.

    The same key gives the same campaign. Refuses with Conflict when the recipients changed after the check.
    """
    actor.require(Permission.SEND)
    known = db.exec(select(Campaign).where(Campaign.idempotency_key == idempotency_key)).first()
    if known:
        return known
    found = _recipients(db, actor, draft)
    wording_ids = wordings.newest(db, kind=draft.kind, channel=draft.channel)
    digest = _fingerprint(found, wording_ids)
    if digest != seen:
        raise Conflict(
            f"The list has changed since you looked: {len(found):,} would receive it now. Look again, then send."
        )
    if not found:
        raise InputProblem("Nobody in this selection can receive it. The reasons stand in the check.")
    if len(found) > TYPED_COUNT_ABOVE and typed_count != len(found):
        raise InputProblem(f"Type the number of messages, {len(found)}, to send so many.", field="typed_count")
    policy = school.policy(school.settings(db))
    skipped = recipients.skipped(db, account_ids=_account_ids(db, actor, draft), policy=policy)
    campaign = Campaign(
        kind=draft.kind,
        channel=draft.channel,
        idempotency_key=idempotency_key,
        wording_ids=wording_ids,
        link_days=school.settings(db).link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=clock.now(),
        recipients=len(found),
        skipped={refusal.value: number for refusal, number in skipped.items()},
        recipients_digest=digest,
    )
    campaign_id = invitations.queue(db, campaign=campaign, to=found)
    details = {"recipients": len(found), "digest": digest, "skipped": sum(skipped.values())}
    audit.record(db, actor, action="campaign.launched", object_kind="campaign", object_id=campaign_id, details=details)
    return campaign


def new_key() -> str:
    """A key for one view of the check: its button, pressed twice, launches once."""
    return secrets.token_hex(16)


def sends(school_settings: SchoolSettings) -> bool:
    """Whether e-mail leaves: by SMTP, or in the demo, where the outbox stands for the postman."""
    return settings().email != "outbox" or school_settings.is_demo


def pause(db: Session, actor: Actor, *, campaign_id: int) -> Campaign:
    """Stop before the next message; what is gone is gone."""
    return _move(
        db, actor, campaign_id, CampaignStatus.PAUSED, only_from=(CampaignStatus.RUNNING,), reason="Paused by staff."
    )


def resume(db: Session, actor: Actor, *, campaign_id: int) -> Campaign:
    """Go on with the messages that wait; the caller starts the engine after the commit."""
    return _move(db, actor, campaign_id, CampaignStatus.RUNNING, only_from=(CampaignStatus.PAUSED,), reason="")


def cancel(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """Send none of the messages that wait; gives how many that are."""
    both = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    _move(db, actor, campaign_id, CampaignStatus.CANCELLED, only_from=both, reason="Cancelled by staff.")
    waiting = (col(Message.campaign_id) == campaign_id, col(Message.status) == MessageStatus.QUEUED)
    stop = sa.update(Message).where(*waiting).values(status=MessageStatus.CANCELLED.value, finished_at=clock.now())
    return int(db.execute(stop.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def _move(
    db: Session,
    actor: Actor,
    campaign_id: int,
    to: CampaignStatus,
    *,
    only_from: tuple[CampaignStatus, ...],
    reason: str,
) -> Campaign:
    actor.require(Permission.SEND)
    change = sa.update(Campaign).where(col(Campaign.id) == campaign_id, col(Campaign.status).in_(only_from))
    changed = db.execute(change.values(status=to.value, pause_reason=reason)).rowcount  # type: ignore[attr-defined]
    campaign = db.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise NotFound("This campaign is not there any more.")
    if changed != 1:
        raise Conflict(f"Somebody was quicker: this campaign is {campaign.status} already.")
    audit.record(db, actor, action=f"campaign.{to.value}", object_kind="campaign", object_id=campaign_id)
    return campaign


def _account_ids(db: Session, actor: Actor, draft: Draft) -> sa.Select[tuple[int]]:
    if draft.selection_id is not None:
        return selections.account_ids(db, actor, selection_id=draft.selection_id)
    return accounts.matching(db, actor, filter=draft.filter or AccountFilter())


def _recipients(db: Session, actor: Actor, draft: Draft) -> list[Recipient]:
    settings_of_school = school.settings(db)
    policy, default = school.policy(settings_of_school), settings_of_school.default_language
    rows = recipients.reached(db, account_ids=_account_ids(db, actor, draft), policy=policy)
    return [Recipient(account_id, address, language or default) for account_id, address, language in rows]


def _fingerprint(found: list[Recipient], wording_ids: dict[str, int]) -> str:
    """Who, which address, which wording: what the sender saw and what is sent must be the same."""
    digest = hashlib.sha256(json.dumps(wording_ids, sort_keys=True).encode())
    for recipient in found:
        digest.update(f"{recipient.account_id}|{recipient.address}|{recipient.language}\n".encode())
    return digest.hexdigest()


def _samples(db: Session, draft: Draft, found: list[Recipient]) -> tuple[Sample, ...]:
    texts = wordings.texts(db, ids=wordings.newest(db, kind=draft.kind, channel=draft.channel))
    languages = sorted({recipient.language for recipient in found})
    chosen = [r for language in languages for r in [f for f in found if f.language == language][:SAMPLES_PER_LANGUAGE]]
    people = samples.people(db, account_ids=[recipient.account_id for recipient in chosen])
    settings_of_school = school.settings(db)
    ends = clock.now() + timedelta(days=settings_of_school.link_days)
    made = []
    for recipient in chosen:
        person = people[recipient.account_id]
        addressee = message_text.Addressee(person.first_name, person.username, person.microsoft, recipient.language)
        place = message_text.Place(
            settings_of_school.school_name,
            settings_of_school.help_contact,
            settings_of_school.time_zone,
            settings().base_url,
        )
        link = f"{settings().base_url}/i/EXAMPLE-THIS-LINK-OPENS-NOTHING"
        text = message_text.render(texts, addressee, place, link=link, ends_at=ends)
        made.append(Sample(f"{person.first_name} {person.last_name}", recipient.language, recipient.address, text))
    return tuple(made)
