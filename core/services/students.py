"""Students: changing what the school knows of one of them, or of many at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.errors import Conflict
from core.models import Account, Person, PersonKind
from core.permissions import Actor, Permission
from core.services import address_changes, audit, person_writing, selections_beside
from core.services.person_writing import Saved
from core.tables import counting, selection_rows, some_names

__all__ = ["Saved", "check_personal_email", "save_contact", "save_profile", "use_personal_email"]

_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Switch:
    """For how many *Use Personal E-mail* would be switched. `seen` stands for exactly these.

    `as_wanted`: for how many it is so already; the first of them by name.
    """

    will: int
    seen: str
    as_wanted: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switched:
    """For how many it was, and the selection of just these: switched the other way, all is as before.

    `notices` are the campaigns that tell addresses, started by the caller after the commit.
    """

    changed: int
    switched: int
    notices: tuple[int, ...] = ()


def save_profile(db: Session, actor: Actor, *, person_id: int, seen: datetime, **fields: Any) -> Saved:
    """Store the tab *Student Profile*. `seen`: the `updated_at` that the form was drawn from."""
    return _save(db, actor, person_id, seen, fields, action="student.profile_saved")


def save_contact(db: Session, actor: Actor, *, person_id: int, seen: datetime, **fields: Any) -> Saved:
    """Store the section *Contact*."""
    return _save(db, actor, person_id, seen, fields, action="student.contact_saved")


def check_personal_email(db: Session, actor: Actor, *, selection_id: int, on: bool) -> Switch:
    """For whom `use_personal_email` would switch it at this moment; changes nothing."""
    actor.require(Permission.EDIT_STUDENTS)
    same = _students(db, actor, selection_id).where(col(Person.use_personal_email).is_(on))
    named = some_names.by_reason(db, same.add_columns(sa.literal("as_wanted").label("reason"))).get("as_wanted", ())
    return replace(_switch(_others(db, actor, selection_id, on)), as_wanted=counting.rows(db, same), names=named)


def use_personal_email(
    db: Session, actor: Actor, *, selection_id: int, on: bool, seen: str, is_undo: bool = False
) -> Switched:
    """Switch *Use Personal E-mail* for the selected students, if they are those who were shown.

    Where messages go elsewhere now, all follows that follows from any other address. The audit names the selection of
    just these: what undoes it is found there (tables.undoable).
    """
    actor.require(Permission.EDIT_STUDENTS)
    ids = _others(db, actor, selection_id, on)
    if _switch(ids).seen != seen:
        raise Conflict(f"The list has changed: it would be {len(ids):,} students now. Look at it again, then switch.")
    before = address_changes.standing(db, _accounts(db, ids))
    values = {"use_personal_email": on, "updated_at": clock.now()}
    for part in database.slices(ids):
        db.execute(sa.update(Person).where(col(Person.id).in_(part)).values(values).execution_options(**_QUIET))
    moved = address_changes.follow(db, actor, before=before)
    details = {"on": on, "changed": len(ids), "invitations_ended": moved.invitations_ended}
    switched = selections_beside.of_people(db, actor, person_ids=ids)
    audit.record(
        db,
        actor,
        action="students.use_personal_email",
        object_kind="selection",
        object_id=switched,
        details=details | ({"undo": True} if is_undo else {}),
        people=ids,
    )
    return Switched(len(ids), switched, moved.notices)


def _others(db: Session, actor: Actor, selection_id: int, on: bool) -> list[int]:
    """The selected students for whom it is not as wanted."""
    query = _students(db, actor, selection_id)
    return list(db.scalars(query.where(col(Person.use_personal_email).is_not(on)).order_by(col(Person.id))))


def _students(db: Session, actor: Actor, selection_id: int) -> sa.Select[Any]:
    chosen = selection_rows.person_ids(db, actor, selection_id=selection_id)
    return sa.select(col(Person.id)).where(col(Person.id).in_(chosen), col(Person.kind) == PersonKind.STUDENT)


def _switch(ids: list[int]) -> Switch:
    return Switch(len(ids), hashlib.sha256(repr(ids).encode()).hexdigest())


def _accounts(db: Session, person_ids: list[int]) -> list[int]:
    found: list[int] = []
    for part in database.slices(person_ids):
        found += db.scalars(sa.select(col(Account.id)).where(col(Account.person_id).in_(part)))
    return found


def _save(
    db: Session, actor: Actor, person_id: int, seen: datetime, fields: Mapping[str, Any], *, action: str
) -> Saved:
    person = person_writing.editable(db, actor, person_id, kind=PersonKind.STUDENT)
    wanted = person_writing.checked(db, person, fields)
    return person_writing.store(db, actor, person, seen=seen, wanted=wanted, action=action)
