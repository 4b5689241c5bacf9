"""Students: changing what the school knows of one of them, or of many at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Person, PersonKind
from core.permissions import Actor, Permission
from core.rules import person_fields
from core.services import audit, person_writing, selections
from core.services.person_writing import Saved
from core.tables import school

__all__ = ["Saved", "save_contact", "save_profile", "use_personal_email"]


def save_profile(
    db: Session,
    actor: Actor,
    *,
    person_id: int,
    seen: datetime,
    first_name: str,
    middle_name: str,
    last_name: str,
    status: str,
    language: str,
    use_personal_email: bool,
    personal_email: str,
) -> Saved:
    """Store the tab *Student Profile*. `seen`: the `updated_at` that the form was drawn from."""
    fields = {
        "first_name": first_name,
        "middle_name": middle_name,
        "last_name": last_name,
        "status": status,
        "language": language,
        "use_personal_email": use_personal_email,
        "personal_email": personal_email,
    }
    return _save(db, actor, person_id, seen, fields, action="student.profile_saved")


def save_contact(
    db: Session, actor: Actor, *, person_id: int, seen: datetime, contact_email: str, mobile: str, phone: str
) -> Saved:
    """Store the section *Contact*."""
    fields = {"contact_email": contact_email, "mobile": mobile, "phone": phone}
    return _save(db, actor, person_id, seen, fields, action="student.contact_saved")


def use_personal_email(db: Session, actor: Actor, *, selection_id: int, on: bool) -> int:
    """Switch *Use Personal E-mail* for the selected students; gives how many were changed."""
    actor.require(Permission.EDIT_STUDENTS)
    chosen = selections.person_ids(db, actor, selection_id=selection_id)
    changed = db.execute(
        sa.update(Person)
        .where(col(Person.id).in_(chosen), col(Person.kind) == PersonKind.STUDENT)
        .where(col(Person.use_personal_email).is_not(on))
        .values(use_personal_email=on, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    number = int(getattr(changed, "rowcount", 0))
    details = {"on": on, "changed": number}
    audit.record(
        db,
        actor,
        action="students.use_personal_email",
        object_kind="selection",
        object_id=selection_id,
        details=details,
    )
    return number


def _save(
    db: Session, actor: Actor, person_id: int, seen: datetime, fields: Mapping[str, Any], *, action: str
) -> Saved:
    person = person_writing.editable(db, actor, person_id, kind=PersonKind.STUDENT)
    wanted = person_fields.checked(person.kind, fields, region=school.settings(db).default_region)
    return person_writing.store(db, actor, person, seen=seen, wanted=wanted, action=action)
