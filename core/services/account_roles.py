"""Manage Roles/Periods: the scope of a role that an account holds, and its end. Roles are given by account_acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import Account, AccountChangeItem, AccountRole, Person, Section
from core.permissions import Actor, Permission, Role
from core.rules import account_acts
from core.rules.account_acts import Edit, Reach
from core.services import account_effects, audit
from core.tables import scope


def change_scope(
    db: Session,
    actor: Actor,
    *,
    role_id: int,
    everybody: bool,
    section_ids: Sequence[int] = (),
    grades: Sequence[str] = (),
    schools: Sequence[str] = (),
) -> int:
    """For whom a role holds: everybody, or the people of classes, grades or schools. Gives the change, to be undone."""
    role = _role(db, actor, role_id)
    wanted = Reach(everybody, tuple(section_ids), tuple(grades), tuple(schools))
    reach = account_acts.reach(role.role, wanted)
    found = db.scalar(sa.select(sa.func.count()).select_from(Section).where(col(Section.id).in_(reach.section_ids)))
    if found != len(reach.section_ids):
        raise InputProblem("One of these classes is gone. Choose again.", field="section_ids")
    if all(getattr(role, name) == value for name, value in reach.as_columns().items()):
        raise Conflict("The role is for exactly these people already.")
    return _change(db, actor, role, reach.as_columns())


def change_dates(db: Session, actor: Actor, *, role_id: int, starts_on: date | None, ends_on: date | None) -> int:
    """From when to when a role holds, both days included; none is open. Gives the change, which can be undone."""
    role = _role(db, actor, role_id)
    account_acts.dates(starts_on, ends_on)
    if (role.starts_on, role.ends_on) == (starts_on, ends_on):
        raise Conflict("The role holds for exactly these days already.")
    change_id = _change(db, actor, role, {"starts_on": starts_on, "ends_on": ends_on})
    if role.role == Role.ADMINISTRATOR:
        account_effects.administrator_stays(db)
    return change_id


def end(db: Session, actor: Actor, *, role_id: int) -> int:
    """Take a role away; whoever is left with none cannot sign in. Gives the change, which can be undone."""
    role = _role(db, actor, role_id)
    change_id = _remember(db, actor, Edit.ROLE_ENDED, role)
    if account_effects.write(db, sa.delete(AccountRole).where(col(AccountRole.id) == role_id)) != 1:
        raise Conflict("Somebody else ended this role at this moment. Look at the roles again.")
    _signed_out(db, actor, change_id, role)
    if role.role == Role.ADMINISTRATOR:
        account_effects.administrator_stays(db)
    return change_id


def _role(db: Session, actor: Actor, role_id: int) -> AccountRole:
    actor.require(Permission.MANAGE_ROLES)
    if actor.account_id is None:
        raise NotAllowed("Roles are changed by somebody who has signed in, so that it can be undone.", by=actor)
    actor.require_fresh()
    account_effects.lock(db)
    query = sa.select(AccountRole).join(Account, col(Account.id) == col(AccountRole.account_id))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    role = db.scalars(query.where(col(AccountRole.id) == role_id, scope.people(actor))).first()
    if role is None:
        raise NotFound("This role is not held any more. Look at the roles again.")
    return role


def _change(db: Session, actor: Actor, role: AccountRole, values: Mapping[str, object]) -> int:
    change_id = _remember(db, actor, Edit.ROLE_SCOPE, role, values)
    held = sa.update(AccountRole).where(col(AccountRole.id) == role.id)
    if account_effects.write(db, held.values(**values)) != 1:
        raise Conflict("Somebody else ended this role at this moment. Look at the roles again.")
    _signed_out(db, actor, change_id, role)
    return change_id


def _signed_out(db: Session, actor: Actor, change_id: int, role: AccountRole) -> None:
    accounts = account_effects.touched(change_id)
    account_effects.staff_role_changed(db, actor, accounts, roles=[role.role], at=clock.now())


def _remember(
    db: Session, actor: Actor, edit: Edit, role: AccountRole, values: Mapping[str, object] | None = None
) -> int:
    """Keep what the role was, for Undo, and tell the audit what it was and what it becomes."""
    change = account_effects.begin(db, actor, act=edit, at=clock.now())
    before = _as_json(role)
    db.add(AccountChangeItem(change_id=change.id or 0, account_id=role.account_id, before=before))
    told = account_acts.role_told(before)
    if values:
        after = _as_json(AccountRole.model_validate(role.model_dump() | dict(values)))
        told = account_acts.role_told(after) | {"before": told}
    details = {"change": change.id, **told}
    audit.record(
        db, actor, action=f"accounts.{edit.value}", object_kind="account", object_id=role.account_id, details=details
    )
    return change.id or 0


def _as_json(role: AccountRole) -> dict[str, Any]:
    return role.model_dump(mode="json", exclude={"id", "account_id"})
