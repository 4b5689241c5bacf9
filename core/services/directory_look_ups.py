"""Looking up who is in Microsoft's directory: asked for here, read beside the pages, compared with our own people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.models import Decision, DirectoryMatch, DirectoryRun, DirectoryRunKind, DirectoryRunStatus, DirectoryUser
from core.permissions import Actor, Permission
from core.rules import directory_match
from core.rules.directory_match import Certainty, Match, Reason
from core.rules.directory_users import User
from core.services import audit, directory_attempts, directory_ties
from core.services.directory_attempts import Attempt
from core.services.directory_ties import Tie
from core.tables import directory_links, directory_people, directory_runs

KEPT = timedelta(days=30)


def ask(db: Session, actor: Actor) -> int:
    """Have the directory looked up; gives the id of the run. The engine does it after the commit."""
    actor.require(Permission.MANAGE_DIRECTORY)
    run = directory_attempts.ask(db, actor, kind=DirectoryRunKind.LOOK_UP)
    audit.record(db, actor, action="directory.looked_up", object_kind="directory_run", object_id=run.id)
    return run.id or 0


def keep(db: Session, attempt: Attempt, *, users: Sequence[User]) -> bool:
    """Store a page of users; whether it is still wanted."""
    if not directory_attempts.change(db, attempt, done=DirectoryRun.done + len(users)):
        return False
    rows = [asdict(user) | {"run_id": attempt.run_id} for user in {user.object_id: user for user in users}.values()]
    known = sa.delete(DirectoryUser).where(col(DirectoryUser.object_id).in_([row["object_id"] for row in rows]))
    db.execute(known)
    if rows:
        db.execute(sa.insert(DirectoryUser), rows)
    return True


def compare(db: Session, attempt: Attempt) -> list[Match]:
    """Who may be who; reads only. Whoever was rejected is not proposed again."""
    rejected = directory_people.rejected(db)
    users = directory_people.free(db, run_id=attempt.run_id)
    return directory_match.match(directory_people.sought(db), users, rejected=rejected)


def finish(db: Session, attempt: Attempt, *, matches: Sequence[Match]) -> bool:
    """The proposals of this look-up replace those that nobody has decided; what was decided stays."""
    ended = {"status": DirectoryRunStatus.DONE, "finished_at": clock.now()}
    if not directory_attempts.change(db, attempt, **ended):
        return False
    db.execute(sa.delete(DirectoryUser).where(col(DirectoryUser.run_id) != attempt.run_id))
    db.execute(sa.delete(DirectoryMatch).where(col(DirectoryMatch.decision) == Decision.OPEN))
    _follow_sign_ins(db, attempt)
    directory_ties.tie(db, _converted(db), tenant_id=attempt.tenant_id)
    for part in database.slices(matches):
        db.execute(sa.insert(DirectoryMatch), [_row(attempt, one) for one in part])
    return True


def forget_old(db: Session) -> int:
    """Remove who is in the directory, but for those who are linked, when nobody has looked for a month; how many."""
    newest = directory_runs.newest(db, kind=DirectoryRunKind.LOOK_UP, finished=True)
    if newest is None or newest.finished_at is None or newest.finished_at > clock.now() - KEPT:
        return 0
    linked = sa.select(col(DirectoryMatch.object_id)).where(col(DirectoryMatch.decision) == Decision.ACCEPTED)
    db.execute(sa.delete(DirectoryMatch).where(col(DirectoryMatch.decision) == Decision.OPEN))
    gone = db.execute(sa.delete(DirectoryUser).where(col(DirectoryUser.object_id).not_in(linked)))
    return int(getattr(gone, "rowcount", 0))


def _row(attempt: Attempt, one: Match) -> dict[str, object]:
    return asdict(one) | {"tenant_id": attempt.tenant_id, "decision": Decision.OPEN}


def _follow_sign_ins(db: Session, attempt: Attempt) -> None:
    """Whoever signed in with Microsoft has shown who they are there."""
    decided = {"certainty": Certainty.CERTAIN, "reason": Reason.SIGNED_IN, "decision": Decision.ACCEPTED}
    pairs = directory_links.signed_in(db, tenant_id=attempt.tenant_id)
    both: Any = sa.tuple_(col(DirectoryMatch.person_id), col(DirectoryMatch.object_id))
    for part in database.slices(pairs):  # rejected before, perhaps: who signed in knows better
        db.execute(sa.delete(DirectoryMatch).where(both.in_(part)))
    rows: list[dict[str, Any]] = [{"person_id": person_id, "object_id": object_id} for person_id, object_id in pairs]
    same: dict[str, Any] = {"tenant_id": attempt.tenant_id, "decided_at": clock.now(), **decided}
    for those in database.slices(rows):
        db.execute(sa.insert(DirectoryMatch), [row | same for row in those])


def _converted(db: Session) -> list[Tie]:
    """Accounts that were converted to Microsoft after their person was linked."""
    return [Tie(*row) for row in directory_links.untied(db)]
