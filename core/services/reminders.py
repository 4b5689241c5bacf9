"""Reminders of unanswered invitations: what the next run would do, and whose turn a day is.

The run itself is a campaign like any other (delivery.reminders).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core import clock
from core.models import CampaignKind, Channel, ReminderRun, SchoolSettings
from core.permissions import Actor, Permission
from core.rules.reminders import NotReminded
from core.tables import plans, recipients, school
from core.tables import reminders as table
from core.tables.plans import Options
from core.tables.recipients import Wanted
from core.tables.reminders import Run

if TYPE_CHECKING:
    import pandas as pd

OPTIONS = Options(CampaignKind.REMINDER, Channel.EMAIL, again=True)  # how often is decided by days, not by hours


@dataclass(frozen=True)
class Foreseen:
    """What the run at `at` would do if nothing happens until then; `on` says whether it will be made at all."""

    on: bool
    at: datetime
    will: int
    people: pd.DataFrame
    not_due: dict[NotReminded, int]
    unreachable: dict[str, int]

    @property
    def wont(self) -> int:
        return sum(self.not_due.values()) + sum(self.unreachable.values())


def foresee(db: Session, actor: Actor, *, following: bool = False) -> Foreseen:
    """Look without touching: who will be reminded in the next run, who will not and why; or in the one after it."""
    actor.require(Permission.SEND)
    own = school.settings(db)
    run = _run(db, own, following=following)
    plan = plans.read(db, options=OPTIONS, account_ids=table.due(own, run))
    first = table.of_accounts(db, plan.found.account_ids)
    return Foreseen(own.reminders, run.at, len(plan.found), first, table.left_out(db, own, run), plan.skipped)


def left_out(db: Session, actor: Actor, *, reason: NotReminded | str, following: bool = False) -> pd.DataFrame:
    """The first people who would not be reminded for one reason."""
    actor.require(Permission.SEND)
    own = school.settings(db)
    run = _run(db, own, following=following)
    if isinstance(reason, NotReminded):
        return table.people(db, own, run, reason=reason)
    wanted = Wanted(table.due(own, run), Channel.EMAIL, school.policy(own))
    return recipients.left_out(db, wanted, wanted.refusal == reason)


def day_due(db: Session) -> date | None:
    """The day whose run has to be made now; None while they are off, outside the hours, or when it was made."""
    own = school.settings(db)
    day = table.schedule(own).day_due(clock.now()) if own.reminders else None
    return None if day is None or table.was_made(db, day=day) else day


def take_turn(db: Session, *, day: date) -> bool:
    """Make the run of this day mine; False when somebody was quicker, or when it is not due (any more)."""
    if day_due(db) != day:
        return False
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"day": day, "made_at": clock.now(), "reminded": 0, "left_out": {}}
    turn = insert(ReminderRun).values(**values).on_conflict_do_nothing(index_elements=["day"])
    return bool(getattr(db.execute(turn), "rowcount", 0))


def note(db: Session, *, day: date, campaign_id: int, reminded: int, left_out: Mapping[str, int]) -> None:
    """What the run of the day did."""
    values = {"campaign_id": campaign_id, "reminded": reminded, "left_out": dict(left_out)}
    db.execute(sa.update(ReminderRun).where(col(ReminderRun.day) == day).values(**values))


def _run(db: Session, own: SchoolSettings, *, following: bool) -> Run:
    schedule, now = table.schedule(own), clock.now()
    today = now.astimezone(schedule.zone).date()
    coming = Run(schedule.next_run(now, made_today=table.was_made(db, day=today)))
    return Run(schedule.next_run(coming.at, made_today=True), after=coming) if following else coming
