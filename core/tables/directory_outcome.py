"""What became of the users that were to be created in Microsoft 365."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import DirectoryChange, Person
from core.permissions import Actor, Permission
from core.tables import frames

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 200


def count(db: Session, actor: Actor, *, run_id: int) -> int:
    """How many these are."""
    actor.require(Permission.MANAGE_DIRECTORY)
    mine = (col(DirectoryChange.run_id) == run_id, col(DirectoryChange.reason) != "")
    return db.scalar(sa.select(sa.func.count()).select_from(DirectoryChange).where(*mine)) or 0


def not_done(db: Session, actor: Actor, *, run_id: int, most: int = SHOWN) -> pd.DataFrame:
    """The first of those of whom there is something to say, with the reason."""
    actor.require(Permission.MANAGE_DIRECTORY)
    names = (col(Person.id), col(Person.first_name), col(Person.last_name), col(Person.source_id))
    query = sa.select(*names, col(DirectoryChange.address), col(DirectoryChange.reason))
    query = query.join(DirectoryChange, col(DirectoryChange.person_id) == col(Person.id))
    mine = query.where(col(DirectoryChange.run_id) == run_id, col(DirectoryChange.reason) != "")
    rows = db.execute(mine.order_by(col(Person.sort_name), col(Person.id)).limit(most))
    return frames.table(rows.all(), rows.keys())
