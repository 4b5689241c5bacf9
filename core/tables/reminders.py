"""Whose invitation is unanswered and sent again, whose is not and why; and the runs that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.models import (
    Account,
    Campaign,
    CampaignKind,
    CampaignStatus,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
    Purpose,
    ReminderRun,
    SchoolSettings,
    Section,
)
from core.rules.reminders import NotReminded, Schedule
from core.tables import frames, school
from core.tables.filters import PAGE_SIZE
from core.tables.recipients import Wanted

if TYPE_CHECKING:
    import pandas as pd

UNANSWERED = ("invited", "bounced")  # what the database keeps of the state: neither verified nor switched off
RUNS_SHOWN = 14
_WAITS = (MessageStatus.QUEUED, MessageStatus.SENDING)
_MAY_HAVE_COME = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN)


@dataclass(frozen=True)
class Made:
    """A run that was made. `left_out`: how many were due and could not be written to, by the word of Refusal."""

    day: date
    made_at: datetime
    campaign_id: int | None
    reminded: int
    left_out: Mapping[str, int]


def schedule(own: SchoolSettings) -> Schedule:
    return Schedule(own.reminder_hour, ZoneInfo(own.time_zone))


@dataclass(frozen=True)
class Run:
    """A run at a moment; `after`: one before it that is not made yet, whose people it does not remind again."""

    at: datetime
    after: Run | None = None


def due(own: SchoolSettings, run: Run) -> sa.Select[tuple[int]]:
    """The accounts to remind, as far as an address can be found for them."""
    judged = _judged(own, run).subquery()
    return sa.select(judged.c.id).where(judged.c.reason.is_(None))


def left_out(db: Session, own: SchoolSettings, run: Run) -> dict[NotReminded, int]:
    """How many unanswered invitations are not sent again, by reason."""
    judged = _judged(own, run).subquery()
    rows = db.execute(sa.select(judged.c.reason, sa.func.count()).group_by(judged.c.reason))
    found = {reason: number for reason, number in rows if reason is not None}
    return {reason: found[reason] for reason in NotReminded if reason in found}


def people(db: Session, own: SchoolSettings, run: Run, *, reason: NotReminded) -> pd.DataFrame:
    """The first of those who are not reminded for one reason, whose turn is longest ago first."""
    judged = _judged(own, run).subquery()
    return _named(db, sa.select(judged.c.id).where(judged.c.reason == reason.value))


def of_accounts(db: Session, account_ids: list[int]) -> pd.DataFrame:
    """The same columns for the first of these accounts."""
    return _named(db, sa.select(col(Account.id)).where(col(Account.id).in_(account_ids[:PAGE_SIZE])))


def was_made(db: Session, *, day: date) -> bool:
    return db.get(ReminderRun, day) is not None


def latest(db: Session, *, most: int = RUNS_SHOWN) -> list[Made]:
    """The latest runs, newest first."""
    runs = db.exec(select(ReminderRun).order_by(col(ReminderRun.day).desc()).limit(most))
    return [Made(run.day, run.made_at, run.campaign_id, run.reminded, run.left_out) for run in runs]


def number(db: Session) -> int:
    """How many runs were made, not only of late."""
    return db.scalar(sa.select(sa.func.count()).select_from(ReminderRun)) or 0


def _named(db: Session, ids: sa.Select[Any]) -> pd.DataFrame:
    columns: list[Any] = [
        col(Person.last_name).label("Last name"),
        col(Person.first_name).label("First name"),
        sa.func.coalesce(col(Section.title), "").label("Class"),
        col(Account.username).label("Username"),
        col(Account.invited_at).label("Last invited"),
        _reminders().label("Reminded"),
    ]
    query = sa.select(*columns).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    query = query.outerjoin(Section, col(Section.id) == col(Person.section_id)).where(col(Account.id).in_(ids))
    result = db.execute(query.order_by(col(Account.invited_at), col(Account.id)).limit(PAGE_SIZE))
    return frames.table(result.all(), result.keys())


def _judged(own: SchoolSettings, run: Run) -> sa.Select[Any]:
    """Every account whose invitation nobody answered, with the reason why it is not reminded: NULL when it is."""
    before = schedule(own).invited_before(run.at, days=own.reminder_after_days)
    reason = sa.case(
        (col(Account.invited_at) >= before, _word(NotReminded.TOO_SOON)),
        (_may_have_come_since(before), _word(NotReminded.TOO_SOON)),
        *([(_reminded_in(own, run.after), _word(NotReminded.TOO_SOON))] if run.after else []),
        (_waiting(), _word(NotReminded.WAITING)),
        (sa.func.coalesce(_latest_link(), "") != Channel.EMAIL.value, _word(NotReminded.OTHER_WAY)),
        (_reminders() >= own.reminders_at_most, _word(NotReminded.ENOUGH)),
    )
    return sa.select(col(Account.id).label("id"), reason.label("reason")).where(
        col(Account.standing).in_(UNANSWERED), col(Account.invited_at).is_not(None)
    )


def _reminded_in(own: SchoolSettings, run: Run) -> sa.ColumnElement[bool]:
    """Whoever that run writes to: days lie between two reminders, so the next run is too soon for them."""
    judged = _judged(own, run).subquery()
    can_be = Wanted(sa.select(judged.c.id).where(judged.c.reason.is_(None)), Channel.EMAIL, school.policy(own))
    return col(Account.id).in_(can_be.rows(col(Account.id)).where(can_be.refusal.is_(None)).correlate(None))


def _may_have_come_since(before: datetime) -> sa.ColumnElement[bool]:
    """A reminder of which nobody knows may have come too, although no account counts as invited by it."""
    mine = sa.select(col(Message.id)).join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    mine = mine.join(Campaign, col(Campaign.id) == col(Message.campaign_id))
    mine = mine.where(col(MessageAccount.account_id) == col(Account.id), col(Campaign.kind) == CampaignKind.REMINDER)
    return mine.where(col(Message.status).in_(_MAY_HAVE_COME), col(Message.claimed_at) >= before).exists()


def _latest_link() -> sa.ScalarSelect[Any]:
    """How the latest link went: a new one would kill the code on a slip that was printed, so those are left alone."""
    mine = sa.select(col(Invitation.channel)).where(
        col(Invitation.account_id) == col(Account.id), col(Invitation.purpose) == Purpose.LINK.value
    )
    return mine.order_by(col(Invitation.id).desc()).limit(1).scalar_subquery()


def _waiting() -> sa.ColumnElement[bool]:
    mine = sa.select(col(Message.id)).join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    mine = mine.where(col(MessageAccount.account_id) == col(Account.id), col(Message.status).in_(_WAITS))
    cancelled = sa.select(col(Campaign.id)).where(col(Campaign.status) == CampaignStatus.CANCELLED)
    return mine.where(col(Message.campaign_id).not_in(cancelled)).exists()


def _reminders() -> sa.ScalarSelect[int]:
    """How often since somebody last invited them by hand: an invitation of next year begins anew."""
    tie = sa.orm.aliased(MessageAccount)
    by_hand = (
        sa.select(sa.func.max(col(tie.message_id)))
        .join(Campaign, col(Campaign.id) == col(tie.campaign_id))
        .where(col(tie.account_id) == col(Account.id), col(Campaign.kind) == CampaignKind.INITIAL_INVITATION.value)
        .correlate(Account)
        .scalar_subquery()
    )
    sent = (
        sa.select(sa.func.count())
        .select_from(MessageAccount)
        .join(Message, col(Message.id) == col(MessageAccount.message_id))
        .join(Campaign, col(Campaign.id) == col(MessageAccount.campaign_id))
        .where(
            col(MessageAccount.account_id) == col(Account.id),
            col(Campaign.kind) == CampaignKind.REMINDER.value,
            col(Message.status).in_(_MAY_HAVE_COME),
            col(MessageAccount.message_id) > sa.func.coalesce(by_hand, 0),
        )
    )
    return sent.correlate(Account).scalar_subquery()


def _word(reason: NotReminded) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{reason.value}'", sa.String())
