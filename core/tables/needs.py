"""What waits for a person, as far as the actor can do something about it: counted anew each time, from facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Campaign, CampaignStatus, DeliveryWorker, FailureReason, FolderImport, Message, MessageStatus
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.needs import AT_MOST, ENDS_SOON_DAYS, WORDS, Need
from core.tables import accounts, sending_hold, students
from core.tables.filters import AccountFilter, StudentFilter

_SILENT = timedelta(minutes=2)  # no worker has given a sign for so long
_NO_FAULT = (FailureReason.OVER_LIMIT.value, FailureReason.CONFIGURATION.value)
_IN_LISTS: dict[Need, dict[str, Any]] = {
    Need.FAILED: {"failures": _NO_FAULT},
    Need.NUMBER_FULL: {"failures": (FailureReason.NUMBER_FULL.value,)},
    Need.BOUNCED: {"states": (AccountState.BOUNCED.value,)},
    Need.ENDING: {"states": (AccountState.INVITED.value,), "link_ends_within": ENDS_SOON_DAYS},
    Need.PENDING: {"states": (AccountState.PENDING_PROVIDER.value,)},
}


@dataclass(frozen=True)
class Entry:
    """One line: how many, and where to act: the list of exactly these people, or a campaign (None: see `campaigns`)."""

    need: Need
    number: int
    behind: StudentFilter | AccountFilter | None = None
    campaign_id: int | None = None
    why: str = ""


def of(db: Session, actor: Actor) -> list[Entry]:
    """At most seven entries, most urgent first; none when all is well."""
    actor.require(Permission.SEE_STATUS)
    found = [*(_in_campaigns(db) if actor.may(Permission.SEND) else ()), *_approvals(db, actor), *_in_lists(db, actor)]
    found += _refused_files(db, actor)
    places = list(Need)
    return sorted(found, key=lambda entry: places.index(entry.need))[:AT_MOST]


def campaigns(db: Session, actor: Actor, *, need: Need) -> list[int]:
    """The campaigns that an entry counts; none where it is about people or files."""
    actor.require(Permission.SEND)
    if need is Need.APPROVAL:
        return _to_approve(db, actor)
    asked = _asked().get(need)
    return [campaign for campaign, _number in _counted(db, *asked)] if asked else []


def _asked() -> dict[Need, tuple[list[Any], Any]]:
    """What is asked of a campaign, and of its messages."""
    queued = col(Message.status) == MessageStatus.QUEUED
    running, paused = _with_status(CampaignStatus.RUNNING), _with_status(CampaignStatus.PAUSED)
    due = col(Campaign.starts_at) <= clock.now() - _SILENT
    return {
        Need.HELD: ([running], queued),
        Need.NOBODY_DELIVERS: ([running, due], queued),
        Need.PUT_OFF: ([running], queued & (col(Message.attempts) > 0)),
        Need.UNKNOWN: ([], col(Message.status) == MessageStatus.UNKNOWN),
        Need.PAUSED: ([paused, sa.not_(col(Campaign.needs_approval))], queued),
    }


def _in_campaigns(db: Session) -> Iterator[Entry]:
    asked = _asked()
    if sending_hold.read(db) is not None:
        yield Entry(Need.HELD, sum(number for _campaign, number in _counted(db, *asked[Need.HELD])))
    elif not _somebody_delivers(db):
        yield from _messages(db, Need.NOBODY_DELIVERS, *asked[Need.NOBODY_DELIVERS])
    for need in (Need.PUT_OFF, Need.UNKNOWN):
        yield from _messages(db, need, *asked[need])
    waiting = [campaign for campaign, _number in _counted(db, *asked[Need.PAUSED])]
    if waiting:
        only = db.get(Campaign, waiting[0]) if len(waiting) == 1 else None
        why = only.pause_reason if only else ""
        yield Entry(Need.PAUSED, len(waiting), campaign_id=only.id if only else None, why=why)


def _approvals(db: Session, actor: Actor) -> Iterator[Entry]:
    """Campaigns of others that wait for a second administrator (R32)."""
    if actor.may(Permission.APPROVE_CAMPAIGNS) and (found := _to_approve(db, actor)):
        yield Entry(Need.APPROVAL, len(found), campaign_id=found[0] if len(found) == 1 else None)


def _to_approve(db: Session, actor: Actor) -> list[int]:
    others = col(Campaign.launched_by).is_distinct_from(actor.account_id)
    held = [_with_status(CampaignStatus.PAUSED), col(Campaign.needs_approval), others]
    return [campaign or 0 for campaign in db.scalars(sa.select(col(Campaign.id)).where(*held))]


def _messages(db: Session, need: Need, asked: list[Any], holds: Any) -> Iterator[Entry]:
    """All such messages; the campaign, where they are of one."""
    found = _counted(db, asked, holds)
    if found:
        campaign_id = found[0][0] if len(found) == 1 else None
        yield Entry(need, sum(number for _campaign, number in found), campaign_id=campaign_id)


def _counted(db: Session, asked: list[Any], holds: Any) -> list[tuple[int, int]]:
    """Campaigns with how many such messages they have: the index is asked campaign by campaign."""
    mine = sa.select(sa.func.count()).where(col(Message.campaign_id) == col(Campaign.id), holds)
    number = mine.correlate(Campaign).scalar_subquery()
    rows = db.execute(sa.select(col(Campaign.id), number).where(*asked))
    return [(int(campaign), int(many)) for campaign, many in rows if many]


def _in_lists(db: Session, actor: Actor) -> Iterator[Entry]:
    sees_accounts = actor.may(Permission.SEE_ACCOUNTS)
    for need, asked in _IN_LISTS.items():
        if actor.may(WORDS[need].needs):
            behind = AccountFilter(**asked) if sees_accounts else StudentFilter(**asked)
            number = (
                accounts.count(db, actor, filter=behind)
                if isinstance(behind, AccountFilter)
                else students.count(db, actor, filter=behind)
            )
            if number:
                yield Entry(need, number, behind=behind)


def _refused_files(db: Session, actor: Actor) -> Iterator[Entry]:
    """Files of the import folder since the last one that was imported."""
    if actor.may(Permission.IMPORT):
        applied = sa.select(sa.func.coalesce(sa.func.max(col(FolderImport.id)), 0)).where(
            col(FolderImport.refusal) == ""
        )
        refused = sa.select(sa.func.count()).where(col(FolderImport.id) > applied.scalar_subquery())
        if number := db.scalar(refused):
            yield Entry(Need.IMPORT_REFUSED, number)


def _somebody_delivers(db: Session) -> bool:
    alive = sa.select(col(DeliveryWorker.executor_id)).where(col(DeliveryWorker.beat_at) > clock.now() - _SILENT)
    return db.scalar(alive.limit(1)) is not None


def _with_status(status: CampaignStatus) -> Any:
    return col(Campaign.status) == status
