"""Looking up who is in Microsoft's directory: asked for here, read beside the pages, compared with our own people."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.config import settings
from core.errors import Conflict
from core.models import Decision, DirectoryMatch, DirectoryRun, DirectoryRunKind, DirectoryRunStatus, DirectoryUser
from core.permissions import Actor, Permission
from core.rules import directory_match
from core.rules.directory_match import Certainty, Match, Reason
from core.rules.directory_users import User
from core.services import audit, directory_ties
from core.services.directory_ties import Tie
from core.tables import directory_links, directory_people, directory_runs, school

GIVEN_UP_AFTER = 20  # attempts: a process that dies each time it reads this must not go on for ever
_LOST = "It could not be finished; nothing was changed. Ask for it again."


@dataclass(frozen=True)
class LookUp:
    """A look-up that this process makes. Another process that takes it over has another `attempt`."""

    run_id: int
    attempt: int
    tenant_id: str


def ask(db: Session, actor: Actor) -> int:
    """Have the directory looked up; gives the id of the run. The engine does it after the commit."""
    actor.require(Permission.MANAGE_DIRECTORY)
    if not school.settings(db).microsoft:
        raise Conflict("The school does not use Microsoft 365. Switch it on in Settings first.")
    if not settings().microsoft_is_set_up:
        raise Conflict("The connection to Microsoft is not set up yet. Settings, Microsoft 365 says what is missing.")
    directory_runs.lock(db)
    if directory_runs.under_way(db):
        raise Conflict("Firstkey is at work in the directory already. Wait until it has finished.")
    run = DirectoryRun(
        token=secrets.token_hex(16),
        kind=DirectoryRunKind.LOOK_UP,
        asked_by=actor.account_id,
        asked_at=clock.now(),
        tenant_id=settings().microsoft_tenant_id.casefold(),
    )
    db.add(run)
    db.flush()
    audit.record(db, actor, action="directory.looked_up", object_kind="directory_run", object_id=run.id)
    return run.id or 0


def begin(db: Session, *, run_id: int) -> LookUp | None:
    """Take it over; None when there is nothing to do any more."""
    run = db.get(DirectoryRun, run_id, with_for_update=True)
    if run is None or run.status not in directory_runs.UNDER_WAY:
        return None
    run.status, run.attempt, run.done = DirectoryRunStatus.RUNNING, run.attempt + 1, 0
    db.add(run)
    if run.attempt > GIVEN_UP_AFTER:
        run.status, run.refusal, run.finished_at = DirectoryRunStatus.FAILED, _LOST, clock.now()
        return None
    return LookUp(run_id, run.attempt, run.tenant_id)


def keep(db: Session, look_up: LookUp, *, users: Sequence[User]) -> bool:
    """Store a page of users; whether it is still wanted."""
    if not directory_runs.change(db, look_up.run_id, look_up.attempt, done=DirectoryRun.done + len(users)):
        return False
    rows = [asdict(user) | {"run_id": look_up.run_id} for user in {user.object_id: user for user in users}.values()]
    known = sa.delete(DirectoryUser).where(col(DirectoryUser.object_id).in_([row["object_id"] for row in rows]))
    db.execute(known)
    if rows:
        db.execute(sa.insert(DirectoryUser), rows)
    return True


def compare(db: Session, look_up: LookUp) -> list[Match]:
    """Who may be who; reads only. Whoever was rejected is not proposed again."""
    rejected = directory_people.rejected(db)
    found = directory_match.match(directory_people.sought(db), directory_people.free(db, run_id=look_up.run_id))
    return [one for one in found if (one.person_id, one.object_id) not in rejected]


def finish(db: Session, look_up: LookUp, *, matches: Sequence[Match]) -> bool:
    """The proposals of this look-up replace those that nobody has decided; what was decided stays."""
    ended = {"status": DirectoryRunStatus.DONE, "finished_at": clock.now()}
    if not directory_runs.change(db, look_up.run_id, look_up.attempt, **ended):
        return False
    db.execute(sa.delete(DirectoryUser).where(col(DirectoryUser.run_id) != look_up.run_id))
    db.execute(sa.delete(DirectoryMatch).where(col(DirectoryMatch.decision) == Decision.OPEN))
    _follow_sign_ins(db, look_up)
    directory_ties.tie(db, _converted(db), tenant_id=look_up.tenant_id)
    for part in database.slices(matches):
        db.execute(sa.insert(DirectoryMatch), [_row(look_up, one) for one in part])
    return True


def fail(db: Session, look_up: LookUp, *, why: str) -> None:
    """It could not be done, and why; the proposals of the look-up before stay."""
    ended = {"status": DirectoryRunStatus.FAILED, "finished_at": clock.now(), "refusal": why}
    directory_runs.change(db, look_up.run_id, look_up.attempt, **ended)


def _row(look_up: LookUp, one: Match) -> dict[str, object]:
    return asdict(one) | {"tenant_id": look_up.tenant_id, "decision": Decision.OPEN}


def _follow_sign_ins(db: Session, look_up: LookUp) -> None:
    """Whoever signed in with Microsoft has shown who they are there."""
    decided = {"certainty": Certainty.CERTAIN, "reason": Reason.SIGNED_IN, "decision": Decision.ACCEPTED}
    pairs = directory_links.signed_in(db, tenant_id=look_up.tenant_id)
    both: Any = sa.tuple_(col(DirectoryMatch.person_id), col(DirectoryMatch.object_id))
    for part in database.slices(pairs):  # rejected before, perhaps: who signed in knows better
        db.execute(sa.delete(DirectoryMatch).where(both.in_(part)))
    rows: list[dict[str, Any]] = [{"person_id": person_id, "object_id": object_id} for person_id, object_id in pairs]
    same: dict[str, Any] = {"tenant_id": look_up.tenant_id, "decided_at": clock.now(), **decided}
    for those in database.slices(rows):
        db.execute(sa.insert(DirectoryMatch), [row | same for row in those])


def _converted(db: Session) -> list[Tie]:
    """Accounts that were converted to Microsoft after their person was linked."""
    return [Tie(*row) for row in directory_links.untied(db)]
