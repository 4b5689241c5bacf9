"""Which roles accounts hold: who counts as staff, who administers today, and the roles of one account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import AcademicPeriod, Account, AccountRole, Person, SchoolSettings, Section, SignInMethod
from core.permissions import STAFF_ROLES, Actor, Permission, Role
from core.rules import words
from core.tables import periods, scope

Truth = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Held:
    """A role of an account as people read it. `period` is empty where it holds in every one.

    `in_force`: today, and not only before or later.
    """

    id: int
    role: Role
    period_id: int | None
    period: str
    everybody: bool
    section_ids: tuple[int, ...]
    sections: tuple[str, ...]
    grades: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    in_force: bool = True

    @property
    def whom(self) -> str:
        """For whom it holds: everybody, or 7A, grade 8."""
        if self.everybody:
            return "everybody"
        if self.role not in STAFF_ROLES:
            return "themselves"
        grades = (f"grade {grade}" for grade in self.grades)
        return ", ".join((*self.sections, *grades, *self.schools)) or "no class yet"


def held(db: Session, actor: Actor, *, account_id: int) -> list[Held]:
    """The roles of one account, those of every period first."""
    return held_by(db, actor, account_ids=[account_id])[account_id]


def held_by(db: Session, actor: Actor, *, account_ids: Sequence[int]) -> dict[int, list[Held]]:
    """The roles of each of some accounts, with two queries for all of them."""
    actor.require(Permission.SEE_ACCOUNTS)
    query = (
        sa.select(AccountRole, col(AcademicPeriod.title), periods.in_force().label("in_force"))
        .join(Account, col(Account.id) == col(AccountRole.account_id))
        .join(Person, col(Person.id) == col(Account.person_id))
        .outerjoin(AcademicPeriod, col(AcademicPeriod.id) == col(AccountRole.period_id))
        .where(col(AccountRole.account_id).in_(account_ids), scope.people(actor))
        .order_by(col(AcademicPeriod.starts_on).is_not(None), col(AcademicPeriod.starts_on).desc(), col(AccountRole.id))
    )
    rows = db.execute(query).all()
    titles = _titles(db, {section_id for row in rows for section_id in row[0].section_ids})
    found: dict[int, list[Held]] = {account_id: [] for account_id in account_ids}
    for role, period, in_force in rows:
        found[role.account_id].append(_held(role, period or "", titles, in_force=bool(in_force)))
    return found


def is_staff() -> Truth:
    """Holds for accounts that have a role of staff, now or in a period to come."""
    today, role = clock.today(), sa.orm.aliased(AccountRole)
    lasts = sa.or_(col(role.ends_on).is_(None), col(role.ends_on) >= today)
    mine = sa.and_(col(role.account_id) == col(Account.id), col(role.role).in_(sorted(STAFF_ROLES)), lasts)
    return sa.select(col(role.id)).where(mine).exists()


def administers_today() -> Truth:
    """Holds for accounts that can sign in and administer at this moment."""
    role = sa.orm.aliased(AccountRole)
    asked = (
        col(role.account_id) == col(Account.id),
        col(role.role) == Role.ADMINISTRATOR,
        periods.in_force(role),
    )
    on = (col(Account.deactivated_at).is_(None), col(Account.suspended_at).is_(None))
    return sa.and_(*on, _can_sign_in(), sa.select(col(role.id)).where(*asked).exists())


def administrators(db: Session) -> int:
    """How many accounts can administer at this moment."""
    return db.scalar(sa.select(sa.func.count()).select_from(Account).where(administers_today())) or 0


def _can_sign_in() -> Truth:
    """Holds for accounts with a password of their own, or tied to Microsoft while the school uses it."""
    microsoft = sa.select(col(SchoolSettings.id)).where(col(SchoolSettings.microsoft)).exists()
    tied = sa.and_(col(Account.sign_in_method) == SignInMethod.MICROSOFT, col(Account.object_id).is_not(None))
    return sa.or_(col(Account.password_hash) != "", sa.and_(tied, microsoft))


def _titles(db: Session, section_ids: set[int]) -> dict[int, str]:
    query = sa.select(col(Section.id), col(Section.title)).where(col(Section.id).in_(section_ids))
    found: Any = db.execute(query)
    return {int(section_id): title for section_id, title in found}


def _held(row: AccountRole, period: str, titles: dict[int, str], *, in_force: bool) -> Held:
    ids = tuple(row.section_ids)
    sections = tuple(titles.get(section_id, "a class that is gone") for section_id in ids)
    more = (tuple(row.grades), tuple(row.schools), row.starts_on, row.ends_on, in_force)
    return Held(row.id or 0, Role(row.role), row.period_id, period, row.everybody, ids, sections, *more)


def username(db: Session, actor: Actor, *, account_id: int) -> str:
    """The name with which an account signs in now."""
    actor.require(Permission.SEE_ACCOUNTS)
    query = sa.select(col(Account.username)).join(Person, col(Person.id) == col(Account.person_id))
    found = db.scalar(query.where(col(Account.id) == account_id, scope.people(actor)))
    if found is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    return str(found)


def words_of() -> sa.ColumnElement[Any]:
    """What sorts an account as the list says its roles of today, None where it has none: a letter for each word.

    Nearly all have one role: to look for each of the six takes twice as long.
    """
    held, each = aliased(AccountRole), aliased(AccountRole)
    one = sa.case(_LETTERS, value=col(held.role))
    several: Iterator[sa.ColumnElement[Any]] = (
        sa.func.max(sa.case((col(each.role) == role, _LETTERS[role]), else_="")) for role in sorted(_LETTERS)
    )
    together = _of_row(sa.select(reduce(lambda before, letter: before.concat(letter), several)), each)
    is_one = sa.func.min(one) == sa.func.max(one)
    return _of_row(sa.select(sa.case((is_one, sa.func.min(one)), else_=together)), held)


def _of_row(query: sa.Select[Any], held: type[AccountRole]) -> sa.ScalarSelect[Any]:
    mine = query.where(col(held.account_id) == col(Account.id), periods.in_force(held))
    return mine.correlate(Account).scalar_subquery()


_IN_ORDER = sorted(Role, key=lambda role: words.ROLE[role])
_LETTERS = {role.value: chr(ord("a") + place) for place, role in enumerate(_IN_ORDER)}
