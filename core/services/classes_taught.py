"""The classes that a member of staff teaches this year."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import InputProblem
from core.models import Enrolment, EnrolmentKind, PersonKind
from core.permissions import Actor
from core.services import audit, person_writing
from core.tables import options


def save(db: Session, actor: Actor, *, person_id: int, seen: datetime, section_ids: Collection[int]) -> int:
    """Store just these of the classes that the actor may choose from; gives how many changed.

    Classes of other years, and those that the actor may not see, stay. `seen`: the `updated_at` that the form was
    drawn from.
    """
    person = person_writing.editable(db, actor, person_id, kind=PersonKind.STAFF)
    offered, wanted = set(options.sections(db, actor)), set(section_ids)
    if not wanted <= offered:
        raise InputProblem("Choose classes of this year from the list.", field="teaches")
    mine = sa.and_(col(Enrolment.person_id) == person_id, col(Enrolment.kind) == EnrolmentKind.TEACHER)
    before = set(db.scalars(sa.select(col(Enrolment.section_id)).where(mine))) & offered
    if before == wanted:
        return 0
    person_writing.write(db, person, {}, seen=seen)
    gone, new = sorted(before - wanted), sorted(wanted - before)
    db.execute(sa.delete(Enrolment).where(mine, col(Enrolment.section_id).in_(gone)))
    db.add_all([Enrolment(section_id=section, person_id=person_id, kind=EnrolmentKind.TEACHER) for section in new])
    db.flush()
    details = {"classes": sorted(wanted), "before": {"classes": sorted(before)}}
    audit.record(db, actor, action="person.classes_saved", object_kind="person", object_id=person_id, details=details)
    return len(gone) + len(new)
