"""User Accounts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, AccountRole, Guardianship, Person, Section
from core.permissions import Actor, Permission
from core.tables import account_state, conditions, reachability, school
from core.tables.filters import AccountFilter, Page
from core.tables.frames import Sorts, frame, mask_contacts, order

CONTACTS = ("address", "mobile")
SORTS: Sorts = {
    "name": (col(Person.sort_name),),
    "username": (col(Account.username_key),),
    "user_type": (col(Account.user_type), col(Person.sort_name)),
    "invited_at": (col(Account.invited_at),),
    "last_sign_in_at": (col(Account.last_sign_in_at),),
    "created_at": (col(Account.created_at),),
}


def page(db: Session, actor: Actor, *, filter: AccountFilter, page: Page) -> pd.DataFrame:
    """One page of rows; contacts are masked for whom they are not meant."""
    actor.require(Permission.SEE_ACCOUNTS)
    chosen = _ids(db, actor, filter).order_by(*order(SORTS, page)).limit(page.size).offset(page.offset)
    ids = list(db.scalars(chosen))
    policy = school.policy(school.settings(db))
    columns: tuple[Any, ...] = (
        col(Account.id),
        col(Account.person_id),
        col(Person.kind),
        col(Person.last_name),
        col(Person.first_name),
        col(Account.user_type),
        col(Section.title).label("section"),
        col(Account.username),
        col(Account.sign_in_method),
        account_state.state(clock.now(), policy).label("state"),
        reachability.email_refusal(policy).label("email_refusal"),
        reachability.email_address(policy).label("address"),
        col(Person.mobile),
        col(Account.deactivated_at),
        col(Account.verified_at),
        col(Account.delivery),
        col(Account.delivery_reason),
        col(Account.invited_at),
        col(Account.times_invited),
        col(Account.invitation_ends_at),
        col(Account.first_sign_in_at),
        col(Account.last_sign_in_at),
    )
    rows = sa.select(*columns).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    rows = rows.outerjoin(Section, col(Section.id) == col(Person.section_id))
    found = frame(db, rows.where(col(Account.id).in_(ids)), ids)
    found = found.assign(roles=_roles(db, ids, found), students=_students(db, found))
    return mask_contacts(found, actor, CONTACTS)


def count(db: Session, actor: Actor, *, filter: AccountFilter) -> int:
    """How many match."""
    actor.require(Permission.SEE_ACCOUNTS)
    about_people = filter.text or filter.section_ids or filter.states or not actor.scope.everybody
    ids = _ids(db, actor, filter) if about_people else _filtered(db, actor, filter)
    return db.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0


def matching(db: Session, actor: Actor, *, filter: AccountFilter) -> sa.Select[Any]:
    """The ids of the accounts that match."""
    actor.require(Permission.SEE_ACCOUNTS)
    return _ids(db, actor, filter)


def _ids(db: Session, actor: Actor, filter: AccountFilter) -> sa.Select[Any]:
    return _filtered(db, actor, filter).join(Person, col(Account.person_id) == col(Person.id))


def _filtered(db: Session, actor: Actor, filter: AccountFilter) -> sa.Select[Any]:
    policy = school.policy(school.settings(db))
    asked = conditions.accounts(actor, filter, now=clock.now(), policy=policy)
    return sa.select(col(Account.id)).select_from(Account).where(*asked)


def _roles(db: Session, ids: list[int], found: pd.DataFrame) -> list[str]:
    query = sa.select(col(AccountRole.account_id), col(AccountRole.role))
    held: dict[int, list[str]] = {}
    for account_id, role in db.execute(query.where(col(AccountRole.account_id).in_(ids))):
        held.setdefault(account_id, []).append(role)
    return [" ".join(sorted(held.get(account_id, []))) for account_id in found["id"]]


def _students(db: Session, found: pd.DataFrame) -> list[str]:
    """For guardians: the students they answer for."""
    query = sa.select(col(Guardianship.guardian_id), col(Person.first_name), col(Person.last_name))
    query = query.join(Person, col(Person.id) == col(Guardianship.student_id)).order_by(col(Person.sort_name))
    wards: dict[int, list[str]] = {}
    for guardian_id, first, last in db.execute(
        query.where(col(Guardianship.guardian_id).in_(list(found["person_id"])))
    ):
        wards.setdefault(guardian_id, []).append(f"{first} {last}")
    return [", ".join(wards.get(person_id, [])) for person_id in found["person_id"]]
