"""Bulk sending: check without effects, launch in one transaction, pause, resume, cancel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.config import settings
from core.errors import Conflict, InputProblem, NotFound
from core.models import Campaign, CampaignKind, CampaignStatus, Channel, Message, MessageStatus, SchoolSettings
from core.permissions import Actor, Permission
from core.rules.reachability import Refusal
from core.services import audit, invitations, selections
from core.tables import accounts, plans, recipients, samples, school
from core.tables.filters import AccountFilter
from core.tables.samples import Sample

TYPED_COUNT_ABOVE = 1000  # then the sender types the number (DESIGN §10)
_POSTGRES_LOCK = 0x4B455953454E4431


@dataclass(frozen=True)
class Draft:
    """What somebody wants to send, and to whom: a stored selection, or a filter on the command line."""

    kind: CampaignKind = CampaignKind.INITIAL_INVITATION
    channel: Channel = Channel.EMAIL
    selection_id: int | None = None
    filter: AccountFilter | None = None


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
    ids = _account_ids(db, actor, draft)
    plan = plans.read(db, kind=draft.kind, channel=draft.channel, account_ids=ids)
    times = Counter(recipient.address for recipient in plan.found)
    return Check(
        receive=len(plan.found),
        skipped=plan.skipped,
        shared_addresses=sum(number > 1 for number in times.values()),
        closed_mailboxes=recipients.into_closed_mailboxes(db, account_ids=ids, policy=school.policy(plan.school)),
        samples=samples.of(db, to=plan.found, wording_ids=plan.wording_ids, own=plan.school),
        sends=sends(plan.school),
        fingerprint=plan.digest,
    )


def left_out(db: Session, actor: Actor, *, draft: Draft, refusal: Refusal) -> pd.DataFrame:
    """The first people who would get nothing for one reason."""
    actor.require(Permission.SEND)
    policy = school.policy(school.settings(db))
    return recipients.left_out(db, account_ids=_account_ids(db, actor, draft), policy=policy, refusal=refusal)


def launch(
    db: Session, actor: Actor, *, draft: Draft, seen: str, idempotency_key: str, typed_count: int | None = None
) -> Campaign:
    """Turn a checked draft into queued messages, all in this transaction.

    The same key gives the same campaign; with the fingerprint as the key, so do two tabs and two people who saw the
    same check. Refuses with Conflict when the recipients changed after the check.
    """
    actor.require(Permission.SEND)
    _one_at_a_time(db)
    known = db.exec(select(Campaign).where(Campaign.idempotency_key == idempotency_key)).first()
    if known:
        return known
    ids = _account_ids(db, actor, draft)
    plan = plans.read(db, kind=draft.kind, channel=draft.channel, account_ids=ids)
    number = len(plan.found)
    if plan.digest != seen:
        raise Conflict(
            f"The list has changed since you looked: {number:,} would receive it now. Look again, then send."
        )
    if not plan.found:
        raise InputProblem("Nobody in this selection can receive it. The reasons stand in the check.")
    if number > TYPED_COUNT_ABOVE and typed_count != number:
        raise InputProblem(f"Type the number of messages, {number}, to send so many.", field="typed_count")
    campaign = Campaign(
        kind=draft.kind,
        channel=draft.channel,
        idempotency_key=idempotency_key,
        wording_ids=plan.wording_ids,
        link_days=plan.school.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=number,
        skipped={refusal.value: people for refusal, people in plan.skipped.items()},
        recipients_digest=plan.digest,
    )
    campaign_id = invitations.queue(db, campaign=campaign, to=plan.found)
    details = {"recipients": number, "digest": plan.digest, "skipped": sum(plan.skipped.values())}
    audit.record(db, actor, action="campaign.launched", object_kind="campaign", object_id=campaign_id, details=details)
    return campaign


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


def _one_at_a_time(db: Session) -> None:
    """Two launches with one key must not pass the look-up together; SQLite has only one writer anyway."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
