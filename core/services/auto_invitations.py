"""Invitations that leave as soon as accounts are made, for the user types of which the school wants that."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.config import settings
from core.models import Account, Campaign, CampaignKind, Channel, SchoolSettings
from core.permissions import Actor, Permission
from core.services import account_effects, audit, invitations, left_out
from core.tables import plans, school, sending
from core.tables.plans import Options, Plan
from core.tables.recipients import Wanted

_OPTIONS = Options(CampaignKind.INITIAL_INVITATION, Channel.EMAIL, False, False)


@dataclass(frozen=True)
class Automatic:
    """How many were invited by the campaign, or are too many to be invited without anybody having looked."""

    campaign_id: int | None = None
    invited: int = 0
    too_many: int = 0


def send(db: Session, actor: Actor, *, change_id: int) -> Automatic:
    """Invite those among the accounts just made whose type is invited by itself, after the usual grace.

    The caller starts the campaign after the commit. More people than the school wants a fresh password for are not
    written to by themselves.
    """
    actor.require(Permission.CREATE_ACCOUNTS)
    own = school.settings(db)
    if not own.auto_invite:
        return Automatic()
    mine = sa.select(col(Account.id)).where(
        col(Account.id).in_(account_effects.touched(change_id)), col(Account.user_type).in_(own.auto_invite)
    )
    plan = plans.read(db, options=_OPTIONS, account_ids=mine)
    number = len(plan.found)
    if not number or number > own.fresh_code_above:
        return Automatic(too_many=number)
    campaign = _campaign(actor, own, plan)
    db.add(campaign)
    db.flush()
    wanted = Wanted(mine, Channel.EMAIL, school.policy(own))
    left_out.write(db, campaign_id=campaign.id or 0, wanted=wanted, options=_OPTIONS, reasons=campaign.skipped)
    campaign_id = invitations.queue(db, campaign=campaign, to=plan.found)
    details = {"recipients": number, "digest": plan.digest, "by_itself": True}
    audit.record(db, actor, action="campaign.launched", object_kind="campaign", object_id=campaign_id, details=details)
    return Automatic(campaign_id, number)


def _campaign(actor: Actor, own: SchoolSettings, plan: Plan) -> Campaign:
    now, hours = clock.now(), sending.hours(own, Channel.EMAIL)
    return Campaign(
        kind=CampaignKind.INITIAL_INVITATION,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=plan.wording_ids,
        link_days=own.link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=now,
        starts_at=hours.opens(now + timedelta(seconds=settings().grace_seconds)),
        recipients=len(plan.found),
        skipped=plan.skipped,
        recipients_digest=plan.digest,
    )
