"""Who answers for students, and for whom guardians answer, for the rows of one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.database import KEPT
from core.models import Guardianship, Person
from core.permissions import Actor
from core.tables import scope
from core.tables.among import AmongIds


def of_students(db: Session, student_ids: Sequence[int]) -> dict[str, list[str]]:
    """The first guardian of each student with their mobile, as the columns `guardian` and `guardian_mobile`."""
    query = sa.select(
        col(Guardianship.student_id), col(Person.first_name), col(Person.last_name), col(Person.mobile)
    ).join(Person, col(Person.id) == col(Guardianship.guardian_id))
    mine = query.where(AmongIds(col(Guardianship.student_id)), scope.holds_today())
    in_order = mine.order_by(col(Guardianship.priority), col(Person.sort_name), col(Person.id))
    result: Any = db.connection().execute(in_order, {"ids": list(student_ids)}, execution_options=KEPT)
    rows = result.cursor.fetchall()  # as the driver gives them, for they are texts and numbers: half the time
    result.close()
    first = {row[0]: row for row in reversed(rows)}
    guardians = [first.get(student_id, (0, "", "", "")) for student_id in student_ids]
    names = [f"{first_name} {last_name}".strip() for _id, first_name, last_name, _mobile in guardians]
    return {"guardian": names, "guardian_mobile": [row[3] for row in guardians]}


def students_of(db: Session, actor: Actor, guardian_ids: Sequence[int]) -> list[str]:
    """The names of the students within the actor's scope for whom each of these guardians answers today."""
    query = sa.select(col(Guardianship.guardian_id), col(Person.first_name), col(Person.last_name))
    query = query.join(Person, col(Person.id) == col(Guardianship.student_id)).order_by(
        col(Person.sort_name), col(Person.id)
    )
    wards: dict[int, list[str]] = {}
    mine = query.where(col(Guardianship.guardian_id).in_(guardian_ids), scope.holds_today(), scope.wards(actor))
    for guardian_id, first, last in db.execute(mine):
        wards.setdefault(guardian_id, []).append(f"{first} {last}")
    return [", ".join(wards.get(person_id, [])) for person_id in guardian_ids]
