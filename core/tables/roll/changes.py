"""Whose facts may have changed: the database's own triggers note it with every change, whoever makes it.

PostgreSQL gives numbers before it commits, so there it is the snapshot that tells what was not seen yet.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.database import KEPT
from core.models import Account, Guardianship, PersonChange
from core.tables import account_state
from core.tables.among import AmongIds
from core.tables.search import is_sqlite

EVERYBODY = 0  # in place of a person: a class or a period is another
_NUMBER, _XACT = col(PersonChange.id), col(PersonChange.xact)
_SNAPSHOT = sa.cast(sa.func.pg_current_snapshot(), sa.String())
_ENDS = [sa.select(end(_NUMBER)).scalar_subquery() for end in (sa.func.min, sa.func.max)]
_XID = "CAST(CAST(person_change.xact AS text) AS xid8)"
_UNSEEN = sa.text(f"NOT pg_visible_in_snapshot({_XID}, CAST(:seen AS pg_snapshot))")
_FIRST_UNSEEN = sa.text("CAST(CAST(pg_snapshot_xmin(CAST(:seen AS pg_snapshot)) AS text) AS bigint)")


@dataclass(frozen=True)
class Mark:
    """Up to where changes are known."""

    number: int
    snapshot: str = ""


@dataclass(frozen=True)
class Changes:
    """Persons of whom anything may be another, and those of whom only the account.

    `is_older`: this reader of SQLite began before the mark was made, and what is known is newer than what it sees.
    """

    mark: Mark
    people: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()
    is_older: bool = False


def mark(db: Session) -> Mark:
    """Of now; to be asked before the people are read, so that these are at least as new."""
    return _ends(db)[1]


def since(db: Session, seen: Mark, *, at_most: int) -> Changes | None:
    """What has changed since; None if it is more than `at_most`, or not known any more."""
    first, now = _ends(db)
    if now == seen:
        return Changes(seen)
    if (first is None and seen.number) or (first is not None and first > seen.number + 1):
        return None
    if is_sqlite(db) and now.number < seen.number:
        return Changes(seen, is_older=True)
    rows = _unseen(db, seen, at_most + 1)
    if len(rows) > at_most or any(person_id == EVERYBODY for person_id, _of_account in rows):
        return None
    people = frozenset(person_id for person_id, of_account in rows if not of_account)
    return Changes(now, people, frozenset(person_id for person_id, of_account in rows if of_account) - people)


def relatives(db: Session, ids: Collection[int]) -> set[int]:
    """Who answers for these people, and for whom they answer: an SMS may go to the one about the other."""
    if not ids:
        return set()
    tie = col(Guardianship.student_id), col(Guardianship.guardian_id)
    both = [sa.select(other).where(AmongIds(one)) for one, other in (tie, tie[::-1])]
    found: Any = db.connection().execute(sa.union_all(*both), {"ids": sorted(ids)}).scalars()
    return set(found)


def ended(db: Session, then: datetime, now: datetime) -> set[int]:
    """Whose invitation has ended meanwhile: nobody changes anything then."""
    ends = col(Account.invitation_ends_at)
    invited = col(Account.standing) == account_state.INVITED
    return set(db.connection().scalars(sa.select(col(Account.person_id)).where(invited, ends > then, ends <= now)))


def _ends(db: Session) -> tuple[int | None, Mark]:
    if is_sqlite(db):
        first, last = tuple(db.connection().execute(sa.select(*_ENDS), execution_options=KEPT).one())
        return first, Mark(last or 0)
    ends = db.connection().execute(sa.select(*_ENDS, _SNAPSHOT), execution_options=KEPT).one()
    first, last, snapshot = tuple(ends)
    return first, Mark(last or 0, snapshot)


def _unseen(db: Session, seen: Mark, limit: int) -> list[tuple[int, bool]]:
    query = sa.select(col(PersonChange.person_id), col(PersonChange.of_account)).distinct().limit(limit)
    if is_sqlite(db):
        rows = db.connection().execute(query.where(_NUMBER.op(">")(seen.number)))
    else:
        rows = db.connection().execute(query.where(_XACT >= _FIRST_UNSEEN, _UNSEEN), {"seen": seen.snapshot})
    return [(person_id, of_account) for person_id, of_account in rows]
