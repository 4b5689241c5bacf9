"""Roles with a new year: those of the old one are given for the new one, and those for classes go to its classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, AccountRole, Person, PersonStatus, Section, YearChange
from core.models.columns import json_type
from core.permissions import Actor, Permission
from core.tables import counting, years


@dataclass(frozen=True)
class Going:
    """How many roles go over, and how many stay behind, because their classes have none to go to."""

    carried: int
    left_behind: int


@dataclass(frozen=True)
class _Sorted:
    copied: list[tuple[AccountRole, list[int]]]
    changed: list[tuple[AccountRole, list[int]]]
    behind: int


def foresee(
    db: Session,
    actor: Actor,
    *,
    from_period: int,
    mapped: Collection[int],
    leaving: Collection[int] = (),
    carry: bool,
) -> Going:
    """What `carry` would do when these classes have one to go to and those leave; changes nothing."""
    actor.require(Permission.MANAGE_PERIODS)
    if not carry:
        return Going(0, 0)
    found = _sorted(db, from_period, dict.fromkeys(mapped, 0))
    leave = sa.and_(sa.func.coalesce(col(Person.section_id), 0).in_(sorted(leaving)), years.goes_up(db))
    going = _plain(from_period).where(sa.not_(leave))
    plain = counting.rows(db, going)
    return Going(plain + len(found.copied) + len(found.changed), found.behind)


def carry(db: Session, change: YearChange, *, from_period: int, mapped: Mapping[int, int], carry: bool) -> None:
    """Give them; the change keeps what undoing needs. Nobody who left gets one."""
    if not carry:
        return
    found, before = _sorted(db, from_period, mapped), _highest(db)
    held = _plain(from_period).add_columns(sa.literal(change.period_id), sa.literal([], json_type()))
    names = ["account_id", "role", "everybody", "starts_on", "ends_on", "period_id", "section_ids"]
    db.execute(sa.insert(AccountRole).from_select(names, held))
    for role, sections in found.copied:
        same = role.model_dump(exclude={"id", "period_id", "section_ids"})
        db.add(AccountRole(**same, period_id=change.period_id, section_ids=sections))
    change.roles_before = {str(role.id): list(role.section_ids) for role, _sections in found.changed}
    for role, sections in found.changed:
        role.section_ids = sections
        db.add(role)
    db.flush()
    change.roles_made = [before, _highest(db)]
    db.add(change)


def take_back(db: Session, change: YearChange) -> None:
    """The roles that came with the year are gone, and the others are for the classes they were for."""
    if change.roles_made:
        low, high = change.roles_made
        made = sa.and_(col(AccountRole.id) > low, col(AccountRole.id) <= high)
        of_year = col(AccountRole.period_id) == change.period_id
        db.execute(sa.delete(AccountRole).where(made, of_year).execution_options(synchronize_session=False))
    for role_id, sections in change.roles_before.items():
        role = sa.update(AccountRole).where(col(AccountRole.id) == int(role_id)).values(section_ids=sections)
        db.execute(role.execution_options(synchronize_session=False))


def _plain(from_period: int) -> sa.Select[tuple[int, str, bool, object, object]]:
    """Roles of the year without single classes, of people who did not leave."""
    columns = (AccountRole.account_id, AccountRole.role, AccountRole.everybody, AccountRole.starts_on)
    query = sa.select(*columns, AccountRole.ends_on).select_from(AccountRole)  # type: ignore[call-overload]
    query = query.join(Account, col(Account.id) == col(AccountRole.account_id))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    none = sa.cast(col(AccountRole.section_ids), sa.String) == "[]"
    stays = col(Person.status) != PersonStatus.LEFT
    return query.where(col(AccountRole.period_id) == from_period, none, stays)  # type: ignore[no-any-return]


def _sorted(db: Session, from_period: int, mapped: Mapping[int, int]) -> _Sorted:
    """Roles for single classes: those of the year are copied, those of every year go over to the new classes."""
    query = sa.select(AccountRole).join(Account, col(Account.id) == col(AccountRole.account_id))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    some = sa.cast(col(AccountRole.section_ids), sa.String) != "[]"
    in_question = sa.or_(col(AccountRole.period_id) == from_period, col(AccountRole.period_id).is_(None))
    stays = col(Person.status) != PersonStatus.LEFT
    old = set(db.scalars(sa.select(col(Section.id)).where(col(Section.period_id) == from_period)))
    found = _Sorted([], [], 0)
    behind = 0
    for role in db.scalars(query.where(some, in_question, stays).order_by(col(AccountRole.id))):
        over = [mapped[section_id] for section_id in role.section_ids if section_id in mapped]
        if role.period_id is not None:
            behind += not over
            if over:
                found.copied.append((role, sorted(set(over))))
        elif old.intersection(role.section_ids):
            behind += not over
            others = [section_id for section_id in role.section_ids if section_id not in old]
            if over:
                found.changed.append((role, sorted({*others, *over})))
    return _Sorted(found.copied, found.changed, behind)


def _highest(db: Session) -> int:
    return db.scalar(sa.select(sa.func.max(col(AccountRole.id)))) or 0
