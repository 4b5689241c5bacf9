"""A few names of those whom an act leaves out: a number alone does not say whether they are the right ones."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person

AT_MOST = 10
Names = dict[str, tuple[str, ...]]


def by_reason(db: Session, left_out: sa.Select[Any] | sa.CompoundSelect[Any]) -> Names:
    """The first of each reason, of rows that give a person's id and why; the caller has kept within the scope."""
    rows = left_out.subquery()
    person_id, reason = rows.columns
    place = sa.func.row_number().over(partition_by=reason, order_by=person_id)
    ranked = sa.select(person_id.label("person_id"), reason.label("reason"), place.label("place")).subquery()
    query = sa.select(ranked.c.reason, col(Person.last_name), col(Person.first_name))
    query = query.join(Person, col(Person.id) == ranked.c.person_id).where(ranked.c.place <= AT_MOST)
    found: Names = {}
    for why, last, first in db.execute(query.order_by(ranked.c.reason, ranked.c.place)):
        found[why] = (*found.get(why, ()), f"{last} {first}")
    return found
