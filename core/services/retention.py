"""Deleting what has been kept long enough (R102): what would go, and slice by slice what goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, outbox
from core.models import Invitation, MessageAccount, Person, SchoolSettings
from core.permissions import Actor, Permission, system
from core.rules import retention
from core.rules.retention import NIGHT, Kept
from core.services import audit, audit_pruning, traces
from core.tables import retention as table
from core.tables import school

if TYPE_CHECKING:
    import pandas as pd

ACTOR = system("retention")
IDS_AT_ONCE, PEOPLE_AT_ONCE = 5_000, 100
OVERDUE = timedelta(hours=36)  # a server that is off at night does it by day
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Slice:
    """What one slice deleted. `after` is where the next one begins, None when there is no more.

    `references` name the messages whose files in the outbox go too, after the commit.
    """

    deleted: int
    after: int | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What would go in a run at this moment, and the first of the people among it."""

    due: dict[Kept, int]
    people: pd.DataFrame


def before(own: SchoolSettings, kept: Kept) -> datetime:
    """What ended before this moment has been kept long enough."""
    now = clock.now()
    return {
        Kept.INVITATIONS: retention.days_before(now, own.keep_invitations_days),
        Kept.OUTBOX: retention.days_before(now, own.keep_outbox_days),
        Kept.LEAVERS: retention.months_before(now, own.keep_leavers_months),
        Kept.AUDIT: retention.months_before(now, own.keep_audit_months),
    }[kept]


def foresee(db: Session, actor: Actor) -> Foreseen:
    """Look without touching."""
    actor.require(Permission.CHANGE_SETTINGS)
    own = school.settings(db)
    moments = {kept: before(own, kept) for kept in Kept}
    due = {
        Kept.INVITATIONS: table.number_of_invitations(db, before=moments[Kept.INVITATIONS]),
        Kept.OUTBOX: len(outbox.written_before(moments[Kept.OUTBOX])),
        Kept.LEAVERS: table.number_of_people(db, before=moments[Kept.LEAVERS]),
        Kept.AUDIT: audit_pruning.due(db, before=moments[Kept.AUDIT]),
    }
    return Foreseen(due, table.people(db, before=moments[Kept.LEAVERS]))


def day_due(db: Session) -> date | None:
    """The day whose run has to be made now: in the night, or at once where it was missed for so long."""
    now = clock.now()
    here = now.astimezone(ZoneInfo(school.settings(db).time_zone))
    last = table.last_run(db)
    if last and last[0].astimezone(here.tzinfo).date() >= here.date():
        return None
    since = last[0] if last else table.first_entry_at(db)
    overdue = since is not None and now - since > OVERDUE
    return here.date() if overdue or NIGHT[0] <= here.hour < NIGHT[1] else None


def delete_slice(db: Session, kept: Kept, *, after: int = 0) -> Slice:
    """Delete a part of what is due; the entry in the audit is of the same transaction."""
    moment = before(school.settings(db), kept)
    if kept is Kept.INVITATIONS:
        return _invitations(db, moment, after)
    if kept is Kept.LEAVERS:
        return _leavers(db, moment)
    if kept is Kept.AUDIT:
        pruned = audit_pruning.prune(db, before=moment)
        return Slice(pruned, 0 if pruned else None)
    raise ValueError(kept)  # the outbox is files


def note_outbox(db: Session, *, number: int) -> None:
    """Say that files of the outbox go; they are deleted after this is stored."""
    audit.record(db, ACTOR, action="retention.deleted", object_kind=Kept.OUTBOX, details={"number": number})


def note_run(db: Session, *, counts: Mapping[str, int]) -> None:
    """The run is over: how much of each went."""
    audit.record(db, ACTOR, action=table.RAN, object_kind="school", details=dict(counts))


def _invitations(db: Session, moment: datetime, after: int) -> Slice:
    """Walks the table by its key, so that no slice looks at what an earlier one has seen."""
    key = col(Invitation.id)
    part = sa.select(key).where(key > after).order_by(key).limit(IDS_AT_ONCE).subquery()
    last = db.scalar(sa.select(sa.func.max(part.c.id)))
    if last is None:
        return Slice(0)
    within = sa.and_(key > after, key <= last, table.ended(moment))
    ids = sa.select(key).where(within)
    tied = sa.update(MessageAccount).where(col(MessageAccount.invitation_id).in_(ids)).values(invitation_id=None)
    db.execute(tied.execution_options(**_QUIET))
    gone = getattr(db.execute(sa.delete(Invitation).where(within).execution_options(**_QUIET)), "rowcount", 0)
    if gone:
        details = {"number": gone}
        audit.record(db, ACTOR, action="retention.deleted", object_kind=Kept.INVITATIONS, details=details)
    return Slice(gone, last)


def _leavers(db: Session, moment: datetime) -> Slice:
    """Some who left, and the guardians who answered for nobody else."""
    ids = list(db.scalars(table.leavers(moment).limit(PEOPLE_AT_ONCE)))
    if not ids:
        return Slice(0)
    chosen = sa.select(col(Person.id)).where(col(Person.id).in_(ids))
    ids += [person_id for person_id in db.scalars(table.only_guardians_of(chosen)) if person_id not in set(ids)]
    references: tuple[str, ...] = ()
    for start in range(0, len(ids), traces.AT_ONCE):
        references += traces.remove(db, person_ids=ids[start : start + traces.AT_ONCE]).references
    details = {"number": len(ids), "people": ids}
    audit.record(db, ACTOR, action="retention.deleted", object_kind=Kept.LEAVERS, details=details)
    return Slice(len(ids), 0, references)
