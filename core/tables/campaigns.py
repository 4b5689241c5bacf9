"""Campaigns: the list, how far one is, and what became of each person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import NotFound
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    CampaignStatus,
    Channel,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
)
from core.permissions import Actor, Permission
from core.tables import counting, frames, scope, sending_hold
from core.tables.filters import Page
from core.tables.frames import mask_contacts

if TYPE_CHECKING:
    import pandas as pd

OPEN = (MessageStatus.QUEUED, MessageStatus.SENDING)
GONE = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.WRITTEN, MessageStatus.UNKNOWN)


@dataclass(frozen=True)
class Progress:
    """How far a campaign is. Its messages add up to `total`: none is lost, none counted twice.

    `next_try_at` and `next_try_why`: what the messages that were put off wait for. `is_held`: all sending is.
    """

    id: int
    kind: str
    channel: Channel
    status: CampaignStatus
    is_held: bool
    pause_reason: str
    needs_approval: bool
    launched_by_me: bool
    launched_at: datetime
    starts_at: datetime
    next_try_at: datetime | None
    next_try_why: str
    launched_by: str
    counts: dict[MessageStatus, int]
    skipped: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        return sum(self.counts.get(status, 0) for status in OPEN)

    @property
    def gone(self) -> int:
        """How many left, or may have."""
        return sum(self.counts.get(status, 0) for status in GONE)

    @property
    def is_under_way(self) -> bool:
        return self.status == CampaignStatus.RUNNING and self.waiting > 0


def progress(db: Session, actor: Actor, *, campaign_id: int) -> Progress:
    """The numbers of one campaign."""
    actor.require(Permission.SEND)
    campaign = db.get(Campaign, campaign_id)
    if campaign is None or campaign.id is None:
        raise NotFound("This campaign is not there any more.")
    mine = sa.select(col(Message.status), sa.func.count()).where(col(Message.campaign_id) == campaign_id)
    counts = {MessageStatus(status): number for status, number in db.execute(mine.group_by(col(Message.status)))}
    return Progress(
        campaign.id,
        campaign.kind,
        Channel(campaign.channel),
        CampaignStatus(campaign.status),
        sending_hold.read(db) is not None,
        campaign.pause_reason,
        campaign.needs_approval,
        campaign.launched_by is not None and campaign.launched_by == actor.account_id,
        campaign.launched_at,
        campaign.starts_at,
        campaign.next_try_at,
        campaign.next_try_why,
        campaign.launched_by_label,
        counts,
        campaign.skipped,
    )


# What people asked for themselves and what Firstkey tells them: it stands on their cards, not among the launches.
_NOT_LAUNCHED = (
    CampaignKind.TEST,
    CampaignKind.RESET_PASSWORD,
    CampaignKind.PASSWORD_CHANGED,
    CampaignKind.NEW_DEVICE,
    CampaignKind.SIGN_IN_ALARM,
)


def newest(db: Session, actor: Actor, *, page: Page, only: Collection[int] | None = None) -> pd.DataFrame:
    """Campaigns, newest first, with what went out and what did not. `only` these, of whatever kind."""
    actor.require(Permission.SEND)
    chosen = (
        sa.select(col(Campaign.id))
        .where(_shown(only))
        .order_by(col(Campaign.id).desc())
        .limit(page.size)
        .offset(page.offset)
        .subquery()
    )
    rows = (
        sa.select(
            col(Campaign.id),
            col(Campaign.kind),
            col(Campaign.channel),
            col(Campaign.status),
            col(Campaign.launched_at),
            col(Campaign.launched_by_label),
            col(Campaign.recipients),
            _count((MessageStatus.SENT, MessageStatus.DELIVERED)).label("gone"),
            _count((MessageStatus.WRITTEN,)).label("written"),
            _count((MessageStatus.FAILED,)).label("failed"),
            _count((MessageStatus.UNKNOWN,)).label("unknown"),
            _count(OPEN).label("waiting"),
        )
        .join(Message, col(Message.campaign_id) == col(Campaign.id))
        .where(col(Campaign.id).in_(sa.select(chosen.c.id)))
        .group_by(col(Campaign.id))
        .order_by(col(Campaign.id).desc())
    )
    result = db.execute(rows)
    return frames.table(result.all(), result.keys())


def count(db: Session, actor: Actor, *, only: Collection[int] | None = None) -> int:
    """How many campaigns there are; how many of `only` these."""
    actor.require(Permission.SEND)
    return db.scalar(sa.select(sa.func.count()).where(_shown(only))) or 0


def _shown(only: Collection[int] | None) -> sa.ColumnElement[bool]:
    return col(Campaign.kind).not_in(_NOT_LAUNCHED) if only is None else col(Campaign.id).in_(only)


def people_with(db: Session, actor: Actor, *, campaign_id: int, statuses: tuple[MessageStatus, ...]) -> list[int]:
    """The accounts whose message of a campaign stands so."""
    actor.require(Permission.SEND)
    mine = sa.select(col(MessageAccount.account_id)).join(Message, col(Message.id) == col(MessageAccount.message_id))
    mine = mine.join(Account, col(Account.id) == col(MessageAccount.account_id))
    mine = mine.join(Person, col(Person.id) == col(Account.person_id)).where(scope.people(actor))
    return list(db.scalars(mine.where(col(Message.campaign_id) == campaign_id, col(Message.status).in_(statuses))))


def not_verified(db: Session, actor: Actor, *, campaign_id: int) -> list[int]:
    """The accounts to which a campaign went, or may have, and which nobody has verified or signed in to."""
    gone = people_with(db, actor, campaign_id=campaign_id, statuses=GONE)
    done = (col(Account.verified_at), col(Account.first_sign_in_at), col(Account.deactivated_at))
    still_open = set(db.scalars(sa.select(col(Account.id)).where(*(moment.is_(None) for moment in done))))
    return [account_id for account_id in gone if account_id in still_open]


def outcome(
    db: Session, actor: Actor, *, campaign_id: int, statuses: tuple[str, ...], page: Page
) -> tuple[pd.DataFrame, int]:
    """What became of each person: one page, and how many there are."""
    actor.require(Permission.SEND)
    mine = [col(Message.campaign_id) == campaign_id, scope.people(actor)]
    if statuses:
        mine.append(col(Message.status).in_(statuses))
    rows = _people().where(*mine)
    total = counting.rows(db, rows)
    shown = rows.order_by(col(Person.sort_name), col(Message.id)).limit(page.size).offset(page.offset)
    result = db.execute(shown)
    found = frames.table(result.all(), result.keys())
    return mask_contacts(found, actor, ("address",)), total


def _people() -> sa.Select[Any]:
    rows: Any = sa.select(
        col(Message.id),
        col(Person.last_name),
        col(Person.first_name),
        col(Account.username),
        col(Message.address),
        col(Message.status),
        col(Message.reason),
        col(Message.detail),
        col(Message.attempts),
        sa.case((col(Message.status) != MessageStatus.SENDING, col(Message.finished_at))).label("finished_at"),
    ).select_from(Message)
    tied = rows.join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    tied = tied.join(Account, col(Account.id) == col(MessageAccount.account_id))
    found: sa.Select[Any] = tied.join(Person, col(Person.id) == col(Account.person_id))
    return found


def _count(statuses: tuple[MessageStatus, ...]) -> sa.ColumnElement[int]:
    wanted = [status.value for status in statuses]
    return sa.func.sum(sa.case((col(Message.status).in_(wanted), 1), else_=0))
