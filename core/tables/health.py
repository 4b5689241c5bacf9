"""How the installation is: what waits, who delivers, what the channels did, which faults there were. Nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import clock
from core.models import (
    AuditEntry,
    Campaign,
    CampaignStatus,
    Channel,
    DeliveryJob,
    DeliveryWorker,
    Fault,
    Message,
    MessageStatus,
)
from core.permissions import Actor, Permission
from core.rules import health
from core.rules.health import Facts
from core.tables import backups, disks, frames, school, sending_hold, stopped

if TYPE_CHECKING:
    import pandas as pd

SILENT = timedelta(minutes=2)
FAILING = "failing: "  # so begins the name of a row beside a job that fails; see services.workers
DAY, FAULTS_SHOWN = timedelta(days=1), 50
_GONE = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.WRITTEN)
_SIGN_INS = ("sign_in.opened", "sign_in.refused")


@dataclass(frozen=True)
class Way:
    """A channel within the last day: what left, what failed, what waits for another try."""

    channel: Channel
    latest: datetime | None
    gone: int
    failed: int
    put_off: int


@dataclass(frozen=True)
class Health:
    """All that the page shows."""

    facts: Facts
    ways: list[Way]
    workers: pd.DataFrame
    faults: pd.DataFrame


def read(db: Session, actor: Actor) -> Health:
    """For administrators."""
    actor.require(Permission.CHANGE_SETTINGS)
    return Health(facts(db), [_way(db, channel) for channel in (Channel.EMAIL, Channel.SMS)], _workers(db), _faults(db))


def facts(db: Session) -> Facts:
    """What alerts and figures look at."""
    now, (due, since), own = clock.now(), _due(db), school.settings(db)
    moved = sa.select(sa.func.max(col(Message.claimed_at)))
    by_channel = [db.scalar(moved.where(col(Message.channel) == channel)) for channel in (Channel.EMAIL, Channel.SMS)]
    lately = sa.select(sa.func.count()).select_from(Fault).where(col(Fault.at) > now - health.WITHIN)
    return Facts(
        now=now,
        is_demo=own.is_demo,
        held=sending_hold.read(db) is not None,
        due=due,
        due_since=since,
        moved_at=max((at for at in by_channel if at), default=None),
        processes=_processes(db),
        backup_at=backups.latest(db),
        disks=disks.watched(),
        stopped=stopped.reasons(db),
        faults=db.scalar(lately) or 0,
        failing=failing(db),
        silent=_silent(db),
        are_alerts_mailed=bool(own.alert_address),
    )


def failing(db: Session) -> tuple[str, ...]:
    """Work that comes again and has come to nothing three times in a row; without what nobody does any more."""
    job, beside = aliased(DeliveryJob), col(DeliveryJob.name)
    rows = sa.select(col(job.name)).join(DeliveryJob, beside == sa.literal(FAILING).concat(col(job.name)))
    now = clock.now()
    rows = rows.where(col(DeliveryJob.ran_at) <= now, col(job.ran_at) > now - DAY)
    return tuple(db.scalars(rows.order_by(col(job.name))))


def messages(db: Session) -> dict[str, int]:
    """How many there are in each state."""
    rows = db.execute(sa.select(col(Message.status), sa.func.count()).group_by(col(Message.status)))
    return dict.fromkeys(MessageStatus, 0) | {str(status): int(number) for status, number in rows}


def sign_ins(db: Session) -> dict[str, int]:
    """Within the last day: of more than that the audit may be pruned."""
    action, lately = col(AuditEntry.action), col(AuditEntry.at) > clock.now() - DAY
    rows = db.execute(sa.select(action, sa.func.count()).where(action.in_(_SIGN_INS), lately).group_by(action))
    return dict.fromkeys(_SIGN_INS, 0) | {str(name): int(number) for name, number in rows}


def _due(db: Session) -> tuple[int, datetime | None]:
    """Messages that nothing but a sender keeps from leaving, and since when; asked campaign by campaign."""
    now = clock.now()
    queued = (col(Message.campaign_id) == col(Campaign.id), col(Message.status) == MessageStatus.QUEUED)
    number = sa.select(sa.func.count()).where(*queued).correlate(Campaign).scalar_subquery()
    running = (col(Campaign.status) == CampaignStatus.RUNNING, col(Campaign.starts_at) <= now)
    free = sa.or_(col(Campaign.next_try_at).is_(None), col(Campaign.next_try_at) <= now)
    rows = db.execute(sa.select(col(Campaign.starts_at), col(Campaign.next_try_at), number).where(*running, free))
    found = [(max(starts, next_try or starts), many) for starts, next_try, many in rows if many]
    return sum(many for _since, many in found), min((since for since, _many in found), default=None)


def _way(db: Session, channel: Channel) -> Way:
    mine, since = col(Message.channel) == channel, clock.now() - DAY
    of_day = sa.select(col(Message.status), sa.func.count()).where(mine, col(Message.claimed_at) > since)
    counts = {str(row[0]): int(row[1]) for row in db.execute(of_day.group_by(col(Message.status)))}
    latest = sa.select(sa.func.max(col(Message.claimed_at))).where(mine, col(Message.claimed_at) > since - 30 * DAY)
    gone = sum(counts.get(status, 0) for status in _GONE)
    return Way(
        channel, db.scalar(latest), gone, counts.get(MessageStatus.FAILED, 0), counts.get(MessageStatus.QUEUED, 0)
    )


def _processes(db: Session) -> int:
    alive = col(DeliveryWorker.beat_at) > clock.now() - SILENT
    return db.scalar(sa.select(sa.func.count()).select_from(DeliveryWorker).where(alive)) or 0


def _silent(db: Session) -> tuple[str, ...]:
    silent = col(DeliveryWorker.beat_at) <= clock.now() - SILENT
    rows = sa.select(col(DeliveryWorker.executor_id)).where(silent).order_by(col(DeliveryWorker.executor_id))
    return tuple(db.scalars(rows))


def _workers(db: Session) -> pd.DataFrame:
    asked = sa.select(
        col(DeliveryWorker.executor_id),
        col(DeliveryWorker.host),
        col(DeliveryWorker.started_at),
        col(DeliveryWorker.beat_at),
    )
    rows = db.execute(asked.order_by(col(DeliveryWorker.executor_id))).all()
    return frames.table(rows, ["Process", "Machine", "Since", "Latest sign"])


def _faults(db: Session) -> pd.DataFrame:
    asked = sa.select(col(Fault.reference), col(Fault.at), col(Fault.place), col(Fault.what))
    rows = db.execute(asked.order_by(col(Fault.at).desc()).limit(FAULTS_SHOWN)).all()
    return frames.table(rows, ["Number", "When", "Where", "What"])
