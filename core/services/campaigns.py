"""Bulk sending: check without effects, then launch in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, select

from core import clock
from core.config import settings
from core.errors import Conflict, InputProblem
from core.models import Campaign, CampaignStatus, Channel, SchoolSettings
from core.permissions import Actor, Permission
from core.rules.launch_limits import AHEAD, SECOND_LOOKS, needs_second
from core.services import audit, drafts, invitations
from core.services.drafts import Draft
from core.tables import freshness, plans, recipients, samples, school, sending, sms_cost
from core.tables.plans import Plan
from core.tables.recipients import Lately, Wanted
from core.tables.samples import Sample
from core.tables.sms_cost import SmsCost

_POSTGRES_LOCK = 0x4B455953454E4431


@dataclass(frozen=True)
class Check:
    """What a launch would do. `sends` is False when the outbox of a real school would only write it down.

    `receive` are people, `messages` what leaves for them, `skipped` by the codes of words.GETS_NOTHING. `starts_at`:
    the moment asked for, or now; `opens_at`: the next one after it inside the hours for messages. `left_that_day` and
    the money in `sms` are those of the day when it leaves.
    """

    receive: int
    messages: int
    skipped: dict[str, int]
    shared_addresses: int
    sharing: int
    lately: Lately | None
    closed_mailboxes: int
    samples: tuple[Sample, ...]
    sends: bool
    fingerprint: str
    starts_at: datetime
    opens_at: datetime
    leaves_today: bool
    left_that_day: int
    sms: SmsCost | None
    typed_count_wanted: bool
    waits_for_approval: bool


def check(db: Session, actor: Actor, *, draft: Draft, starts_at: datetime | None = None) -> Check:
    """Look without touching: who will receive it, who will not and why, how it reads, what it costs."""
    actor.require(Permission.SEND)
    ids = drafts.account_ids(db, actor, draft)
    plan = plans.read(db, options=draft.options, account_ids=ids)
    own, shared = plan.school, plan.shared
    wanted_at, hours = max(starts_at or clock.now(), clock.now()), sending.hours(own, draft.channel)
    opens_at = hours.opens(wanted_at)
    wanted = Wanted(ids, draft.channel, school.policy(own))
    is_email = draft.channel == Channel.EMAIL
    return Check(
        receive=len(plan.found),
        messages=plan.messages,
        skipped=drafts.skipped(db, actor, draft, plan),
        shared_addresses=len(shared),
        sharing=sum(shared.values()),
        lately=plan.lately,
        closed_mailboxes=recipients.into_closed_mailboxes(db, wanted) if is_email else 0,
        samples=samples.of(db, plan=plan, channel=draft.channel),
        sends=sends(own, draft.channel),
        fingerprint=plan.digest,
        starts_at=wanted_at,
        opens_at=opens_at,
        leaves_today=opens_at < hours.next_day(clock.now()),
        left_that_day=sending.room(db, own=own, channel=draft.channel, now=opens_at).messages,
        sms=None if is_email else sms_cost.of(db, plan, leaves_at=opens_at),
        typed_count_wanted=len(plan.found) > own.typed_count_above,
        waits_for_approval=needs_second(len(plan.found), above=own.second_administrator_above),
    )


def launch(
    db: Session,
    actor: Actor,
    *,
    draft: Draft,
    seen: str,
    idempotency_key: str,
    typed_count: int | None = None,
    starts_at: datetime | None = None,
) -> Campaign:
    """Turn a checked draft into queued messages, all in this transaction; they leave at `starts_at`, after the grace.

    The same key gives the same campaign; with the fingerprint as the key, so do two tabs and two people who saw the
    same check. Refuses with Conflict when the recipients changed after the check.
    """
    actor.require(Permission.SEND)
    _one_at_a_time(db)
    known = db.exec(select(Campaign).where(Campaign.idempotency_key == idempotency_key)).first()
    if known:
        return known
    plan = plans.read(db, options=draft.options, account_ids=drafts.account_ids(db, actor, draft))
    _refuse_unlike(plan, seen, typed_count)
    freshness.require_above(db, actor, people=len(plan.found))
    leaves_at = _start(draft, plan.school, starts_at)
    _refuse_over_budget(db, draft, plan, leaves_at)
    campaign = _campaign(actor, draft, plan, idempotency_key)
    campaign.skipped = drafts.all_left_out(db, actor, draft, plan)
    campaign.starts_at = leaves_at
    db.add(campaign)
    db.flush()
    drafts.write_left_out(db, actor, draft, campaign_id=campaign.id or 0, reasons=campaign.skipped)
    campaign_id = invitations.queue(db, campaign=campaign, to=plan.found)
    details = {"recipients": len(plan.found), "digest": plan.digest, "skipped": sum(campaign.skipped.values())}
    audit.record(db, actor, action="campaign.launched", object_kind="campaign", object_id=campaign_id, details=details)
    return campaign


def sends(own: SchoolSettings, channel: str = Channel.EMAIL) -> bool:
    """Whether messages leave: through a provider, or in the demo, where the outbox stands for the postman."""
    chosen = settings().sms if channel == Channel.SMS else settings().email
    return chosen != "outbox" or own.is_demo


def _campaign(actor: Actor, draft: Draft, plan: Plan, key: str) -> Campaign:
    own, now = plan.school, clock.now()
    held = needs_second(len(plan.found), above=own.second_administrator_above)
    return Campaign(
        kind=draft.kind,
        channel=draft.channel,
        idempotency_key=key,
        wording_ids=plan.wording_ids,
        link_days=own.sms_password_days if draft.channel == Channel.SMS else own.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=now,
        starts_at=now,
        status=CampaignStatus.PAUSED if held else CampaignStatus.RUNNING,
        needs_approval=held,
        pause_reason=SECOND_LOOKS if held else "",
        by_family=draft.by_family,
        recipients=len(plan.found),
        recipients_digest=plan.digest,
    )


def _refuse_unlike(plan: Plan, seen: str, typed_count: int | None) -> None:
    number = len(plan.found)
    if plan.digest != seen:
        raise Conflict(
            f"The list has changed since you looked: {number:,} would receive it now. Look again, then send."
        )
    if not plan.found:
        raise InputProblem("Nobody in this selection can receive it. The reasons stand in the check.")
    if number > plan.school.typed_count_above and typed_count != number:
        raise InputProblem(f"Type the number of people, {number}, to send to so many.", field="typed_count")


def _refuse_over_budget(db: Session, draft: Draft, plan: Plan, leaves_at: datetime) -> None:
    """By the money of the day when it leaves: on another day than today none of it is spent yet."""
    if draft.channel != Channel.SMS:
        return
    cost = sms_cost.of(db, plan, leaves_at=leaves_at)
    if not cost.is_covered:
        raise InputProblem(
            f"This costs about {cost.cost:.2f} {cost.currency}, and {cost.left:.2f} may still be spent on the day it "
            "leaves. Choose fewer people, or ask an administrator to raise the limit in Settings."
        )


def _start(draft: Draft, own: SchoolSettings, wanted: datetime | None) -> datetime:
    """The moment asked for, never before the time to change one's mind is over, always inside the hours."""
    now, hours = clock.now(), sending.hours(own, draft.channel)
    soonest = now + timedelta(seconds=settings().grace_seconds)
    if wanted is None:
        return hours.opens(soonest)
    if not now <= wanted <= now + AHEAD:
        raise InputProblem(f"Choose a moment between now and {AHEAD.days} days from now.", field="starts_at")
    if hours.opens(wanted) != wanted:
        raise InputProblem(
            f"Text messages leave between {hours.first}:00 and {hours.until}:00. Choose a time in between.",
            field="starts_at",
        )
    return max(wanted, soonest)


def _one_at_a_time(db: Session) -> None:
    """Two launches with one key must not pass the look-up together; SQLite has only one writer anyway."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
