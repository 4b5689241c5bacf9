"""The Students List."""

from __future__ import annotations

from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Person, PersonKind, Section
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.tables import account_state, conditions, reachability, school
from core.tables.filters import Page, StudentFilter
from core.tables.frames import Sorts, frame, mask_contacts, order

CONTACTS = ("personal_email", "contact_email", "external_email", "mobile")
SORTS: Sorts = {
    "name": (col(Person.sort_name),),
    "source_id": (col(Person.source_id),),
    "grade": (col(Person.grade), col(Person.sort_name)),
    "updated_at": (col(Person.updated_at),),
}


def page(db: Session, actor: Actor, *, filter: StudentFilter, page: Page) -> pd.DataFrame:
    """One page of rows; contacts are masked for whom they are not meant."""
    actor.require(Permission.SEE_STUDENTS)
    chosen = _ids(db, actor, filter).order_by(*order(SORTS, page)).limit(page.size).offset(page.offset)
    ids = list(db.scalars(chosen))
    policy = school.policy(school.settings(db))
    columns: tuple[Any, ...] = (
        col(Person.id),
        col(Person.source_id),
        col(Person.last_name),
        col(Person.first_name),
        col(Person.grade),
        col(Section.title).label("section"),
        col(Person.status),
        account_state.state(clock.now(), policy).label("state"),
        reachability.email_refusal(policy).label("email_refusal"),
        col(Account.username),
        col(Account.invited_at),
        col(Person.language),
        col(Person.use_personal_email),
        *(col(getattr(Person, name)) for name in CONTACTS),
    )
    rows = sa.select(*columns).select_from(Person)
    rows = rows.outerjoin(Account, col(Account.person_id) == col(Person.id)).outerjoin(
        Section, col(Section.id) == col(Person.section_id)
    )
    found = frame(db, rows.where(col(Person.id).in_(ids)), ids)
    return mask_contacts(found, actor, CONTACTS)


def count(db: Session, actor: Actor, *, filter: StudentFilter) -> int:
    """How many match."""
    actor.require(Permission.SEE_STUDENTS)
    ids = _ids(db, actor, filter, everybody=_looks_at_everybody(actor, filter))
    return db.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0


def matching(db: Session, actor: Actor, *, filter: StudentFilter) -> sa.Select[Any]:
    """The ids of the people who match."""
    actor.require(Permission.SEE_STUDENTS)
    return _ids(db, actor, filter, everybody=_looks_at_everybody(actor, filter))


def _ids(db: Session, actor: Actor, filter: StudentFilter, *, everybody: bool = False) -> sa.Select[Any]:
    """`everybody`: each student is looked at anyway, so no index on the kind may choose the order of looking.

    In the order in which the rows lie SQLite needs a third of the time.
    """
    policy = school.policy(school.settings(db))
    kind = col(Person.kind) + "" if everybody else col(Person.kind)
    asked = conditions.students(actor, filter, now=clock.now(), policy=policy)
    query = sa.select(col(Person.id)).where(kind == PersonKind.STUDENT, *asked)
    if not filter.states and filter.invitable is None:
        return query
    with_account = filter.invitable or (filter.states and AccountState.NO_ACCOUNT not in filter.states)
    return query.join(Account, col(Account.person_id) == col(Person.id), isouter=not with_account)


def _looks_at_everybody(actor: Actor, filter: StudentFilter) -> bool:
    by_account = filter.invitable is not None or set(filter.states) - {AccountState.NO_ACCOUNT}
    narrow = filter.text or filter.section_ids or filter.grades
    return bool(by_account or filter.statuses) and not narrow and actor.scope.everybody
