"""Creating and changing users: claimed before Microsoft is asked, marked afterwards (by delivery.directory_accounts).

Nobody is created twice. What was claimed and not marked, because the process died or the answer was lost, is looked up
at Microsoft under its address before anything is asked again; the address itself can be given only once there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import (
    Account,
    ChangeStatus,
    Decision,
    DirectoryChange,
    DirectoryMatch,
    DirectoryRunKind,
    DirectoryRunStatus,
    DirectoryUser,
)
from core.permissions import system
from core.rules import initial_credentials
from core.rules.directory_match import Certainty, Reason
from core.rules.directory_updates import Update
from core.rules.directory_users import NewUser, User
from core.rules.microsoft_accounts import NotCreated
from core.services import audit, directory_attempts, directory_ties
from core.services.directory_attempts import Attempt
from core.services.directory_ties import Tie
from core.tables import directory_runs

TOGETHER, TRIES = 10, 6
BEGUN = frozenset({ChangeStatus.SENDING, ChangeStatus.MADE})


@dataclass(frozen=True)
class Claim:
    """One user to be made or changed, by this process and no other. With an `object_id` they are there already.

    `tries` counts this one; `body` is what a change asks for.
    """

    change_id: int
    new: NewUser
    object_id: str | None
    tries: int
    password: str = field(default="", repr=False)
    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long to wait before it is tried again."""
        return 2.0 ** (self.tries - 1) if self.tries > 1 else 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of one: made as `object_id`, or why not. `licensed`: in the group, or there is none."""

    object_id: str | None = None
    licensed: bool = False
    reason: NotCreated | None = None


def claim(db: Session, attempt: Attempt) -> list[Claim]:
    """The next few; none when all is done, or this process is not to go on. After a stop only what was begun."""
    if directory_attempts.holds(db, attempt):
        statuses = directory_runs.OPEN
    elif directory_attempts.holds(db, attempt, running=False):
        statuses = BEGUN
    else:
        return []
    left = select(DirectoryChange).where(
        DirectoryChange.run_id == attempt.run_id, col(DirectoryChange.status).in_(statuses)
    )
    rows = list(db.exec(left.order_by(col(DirectoryChange.id)).limit(TOGETHER)))
    worn_out = [row for row in rows if row.attempts >= TRIES or _is_gone(db, attempt, row)]
    for row in worn_out:
        is_made = row.object_id and attempt.kind is DirectoryRunKind.CREATE
        _end(db, row, NotCreated.NO_LICENCE if is_made else NotCreated.NO_ANSWER)
    claims = []
    for row in rows:
        if row in worn_out:
            continue
        row.attempts += 1
        row.status = ChangeStatus.MADE if row.object_id else ChangeStatus.SENDING
        db.add(row)
        claims.append(_claim(db, attempt, row))
    return claims or (claim(db, attempt) if worn_out else [])


def mark(db: Session, attempt: Attempt, *, outcomes: Mapping[int, Outcome]) -> None:
    """Keep what became of them. Who was made is tied to their account here, whatever else happens."""
    if not directory_attempts.holds(db, attempt, running=False):
        return
    rows = list(db.exec(select(DirectoryChange).where(col(DirectoryChange.id).in_(outcomes))))
    made = [row for row in rows if outcomes[row.id or 0].object_id and row.object_id is None]
    for row in made:
        row.object_id, row.attempts = outcomes[row.id or 0].object_id, 0
    not_tied = _tie(db, attempt, made)
    for row in rows:
        outcome = outcomes[row.id or 0]
        if outcome.reason:
            _end(db, row, outcome.reason)
        elif outcome.licensed:
            row.status, row.finished_at = ChangeStatus.DONE, clock.now()
            if attempt.kind is DirectoryRunKind.UPDATE:
                _know(db, row)
        else:
            row.status = ChangeStatus.MADE
        if row.person_id in not_tied:
            row.reason = NotCreated.NOT_LINKED
        db.add(row)


def finish(db: Session, attempt: Attempt) -> None:
    """All is done; written down with how many, and whom."""
    ended = {"status": DirectoryRunStatus.DONE, "finished_at": clock.now()}
    if not directory_attempts.change(db, attempt, **ended):
        return
    numbers = directory_runs.counts(db, run_id=attempt.run_id)
    done, failed = numbers.get(ChangeStatus.DONE, 0), numbers.get(ChangeStatus.FAILED, 0)
    action = "directory.created" if attempt.kind is DirectoryRunKind.CREATE else "directory.updated"
    audit.record(
        db,
        system("directory"),
        action=action,
        object_kind="directory_run",
        object_id=attempt.run_id,
        details={"done": done, "failed": failed},
        people=_touched(db, attempt) or None,
    )


def _touched(db: Session, attempt: Attempt) -> Sequence[int]:
    """Who is another at Microsoft now; a user who was made and is not licensed was made all the same."""
    mine, made = col(DirectoryChange.run_id) == attempt.run_id, col(DirectoryChange.object_id).is_not(None)
    really = made if attempt.kind is DirectoryRunKind.CREATE else col(DirectoryChange.status) == ChangeStatus.DONE
    return db.scalars(sa.select(col(DirectoryChange.person_id)).where(mine, really)).all()


def _claim(db: Session, attempt: Attempt, row: DirectoryChange) -> Claim:
    new = NewUser(row.person_id, row.address, row.given_name, row.surname, row.employee_id)
    if attempt.kind is DirectoryRunKind.UPDATE:
        return Claim(row.id or 0, new, row.object_id, row.attempts, body=_body(db, row))
    key = keys.known().get(row.kid) or keys.current()  # the older one may be lost: then it is another password
    row.kid = key.kid
    password = initial_credentials.microsoft_password(key.secret, row.uid)
    return Claim(row.id or 0, new, row.object_id, row.attempts, password)


def _is_gone(db: Session, attempt: Attempt, row: DirectoryChange) -> bool:
    """A later look-up did not find the user any more, so there is nothing to change."""
    return attempt.kind is DirectoryRunKind.UPDATE and db.get(DirectoryUser, row.object_id) is None


def _body(db: Session, row: DirectoryChange) -> dict[str, object]:
    """Only what is another than it was when it was looked up."""
    known = db.get_one(DirectoryUser, row.object_id)
    user = User(**known.model_dump(exclude={"run_id"}))
    return Update(row.person_id, user, row.given_name, row.surname, row.is_enabled).body


def _know(db: Session, row: DirectoryChange) -> None:
    """The directory as it is known here is changed along, and nobody waits any more."""
    names = {"given_name": row.given_name, "surname": row.surname, "is_enabled": row.is_enabled}
    display_name = f"{row.given_name} {row.surname}".strip()
    theirs = sa.update(DirectoryUser).where(col(DirectoryUser.object_id) == row.object_id)
    db.execute(theirs.values(display_name=display_name, **names))
    account = sa.update(Account).where(col(Account.person_id) == row.person_id)
    db.execute(account.values(pending_provider_at=None))


def _end(db: Session, row: DirectoryChange, reason: NotCreated) -> None:
    row.status, row.reason, row.finished_at = ChangeStatus.FAILED, reason, clock.now()
    db.add(row)
    waits = sa.update(Account).where(col(Account.person_id) == row.person_id)
    db.execute(waits.values(pending_provider_at=None))


def _tie(db: Session, attempt: Attempt, made: Sequence[DirectoryChange]) -> set[int]:
    """They are linked, and stand in the directory as it is known here; gives those whose account could not be tied."""
    if not made:
        return set()
    look_up = directory_runs.newest(db, kind=DirectoryRunKind.LOOK_UP, finished=True)
    ids = [row.object_id for row in made]
    db.execute(sa.delete(DirectoryUser).where(col(DirectoryUser.object_id).in_(ids)))
    theirs = sa.and_(
        col(DirectoryMatch.person_id).in_([row.person_id for row in made]),
        col(DirectoryMatch.decision) == Decision.OPEN,
    )
    db.execute(sa.delete(DirectoryMatch).where(sa.or_(theirs, col(DirectoryMatch.object_id).in_(ids))))
    db.execute(sa.insert(DirectoryUser), [_user(row, look_up.id if look_up else 0) for row in made])
    ties = [Tie(row.person_id, row.object_id or "", row.address) for row in made]
    wrong = directory_ties.tie(db, ties, tenant_id=attempt.tenant_id)
    linked = [_match(row, attempt) for row in made if row.person_id not in wrong]
    if linked:
        db.execute(sa.insert(DirectoryMatch), linked)
    return set(wrong)


def _user(row: DirectoryChange, run_id: int | None) -> dict[str, Any]:
    names = {"given_name": row.given_name, "surname": row.surname}
    display_name = f"{row.given_name} {row.surname}".strip()
    same = {"object_id": row.object_id, "address": row.address, "employee_id": row.employee_id}
    return {"run_id": run_id or 0, "display_name": display_name, **same, **names}


def _match(row: DirectoryChange, attempt: Attempt) -> dict[str, Any]:
    decided = {"decision": Decision.ACCEPTED, "decided_at": clock.now()}
    known = {"certainty": Certainty.CERTAIN, "reason": Reason.CREATED, "tenant_id": attempt.tenant_id}
    return {"person_id": row.person_id, "object_id": row.object_id, **known, **decided}
