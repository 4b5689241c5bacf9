"""Whose slips stand on the first pages, found without their secrets: for the preview of a report about very many."""

from __future__ import annotations

from heapq import nsmallest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Guardianship, Person, PersonKind
from core.permissions import Actor
from core.rules.report_parameters import CredentialParameters
from core.tables import reports, scope

Group = tuple[Any, ...]
_WITHOUT_CLASS, _STAFF = (1,), (2,)  # after all classes


def of(
    db: Session, actor: Actor, *, account_ids: sa.Select[Any], parameters: CredentialParameters, most: int
) -> sa.Select[Any]:
    """The accounts of the first `most` slips in the order of `slips`; with letters of families a few more."""
    places = _places(actor, account_ids)
    if not parameters.one_per_family:
        return _these(_first(db, places, parameters, most, sa.true()))
    students = places.c.kind == PersonKind.STUDENT  # a letter stands where its first student stands
    led, others = (_first(db, places, parameters, most, among) for among in (students, sa.not_(students)))
    return _these(_with_families(db, account_ids, [*led, *others]))


def _these(ids: list[int]) -> sa.Select[Any]:
    return sa.select(col(Account.id)).where(col(Account.id).in_(ids))


def _places(actor: Actor, account_ids: sa.Select[Any]) -> sa.CTE:
    """Each account with the class and the code it stands by: for a guardian, those of the first student."""
    ward, guardian = aliased(Person), col(Guardianship.guardian_id)
    at = sa.func.row_number().over(partition_by=guardian, order_by=col(ward.sort_name)).label("at")
    wards = sa.select(guardian, col(ward.section_id), col(ward.source_id), at)
    wards = wards.join(ward, col(ward.id) == col(Guardianship.student_id))
    first = wards.where(scope.holds_today(), scope.wards(actor, ward)).subquery()
    mine = sa.and_(first.c.guardian_id == col(Person.id), first.c.at == 1)
    columns: tuple[Any, ...] = (
        col(Account.id).label("id"),
        col(Account.person_id),
        col(Person.kind),
        col(Person.sort_name),
        sa.case((first.c.at == 1, first.c.section_id), else_=col(Person.section_id)).label("section_id"),
        sa.func.coalesce(first.c.source_id, col(Person.source_id)).label("code"),
    )
    query = sa.select(*columns).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    found = query.outerjoin(first, mine).where(col(Account.id).in_(account_ids))
    return found.cte("places").prefix_with("MATERIALIZED")  # else SQLite looks for the first student person by person


def _first(
    db: Session, places: sa.CTE, parameters: CredentialParameters, most: int, among: sa.ColumnElement[bool]
) -> list[int]:
    classes = {section_id: order for section_id, (_title, order) in reports.classes(db).items()}
    by_class, by_code = parameters.page_per_class or parameters.order == "class", parameters.order == "code"
    query = sa.select(places.c.id, places.c.kind, places.c.section_id, places.c.code).where(among)
    query = query.order_by(places.c.sort_name, places.c.person_id)
    if by_class:
        query = query.where(_in_first_classes(db, places, classes, most, among))
    elif not by_code:
        query = query.limit(most)

    def place(numbered: tuple[int, Any]) -> tuple[Any, ...]:
        at, row = numbered
        code = (row.kind == PersonKind.STAFF, reports.natural(row.code)) if by_code else ()
        return _group(classes, row) if by_class else (), code, at

    return [row.id for _at, row in nsmallest(most, enumerate(db.execute(query)), key=place)]


def _in_first_classes(
    db: Session, places: sa.CTE, classes: dict[int, Group], most: int, among: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Holds for those in the first classes that together have so many: the database counts."""
    is_staff = places.c.kind == PersonKind.STAFF
    kind = sa.case((is_staff, PersonKind.STAFF.value), else_="").label("kind")
    counted = sa.select(kind, places.c.section_id, sa.func.count().label("number")).where(among)
    chosen, room = list[Any](), most
    for row in sorted(db.execute(counted.group_by(kind, places.c.section_id)), key=lambda row: _group(classes, row)):
        if room <= 0:
            break
        chosen.append(sa.and_(kind == row.kind, places.c.section_id.is_not_distinct_from(row.section_id)))
        room -= row.number
    return sa.or_(sa.false(), *chosen)


def _group(classes: dict[int, Group], row: Any) -> Group:
    return _STAFF if row.kind == PersonKind.STAFF else classes.get(row.section_id or 0, _WITHOUT_CLASS)


def _with_families(db: Session, account_ids: sa.Select[Any], ids: list[int]) -> list[int]:
    """These, the guardians of the students among them, and all students of these guardians."""
    people = set(db.scalars(sa.select(col(Account.person_id)).where(col(Account.id).in_(ids))))
    guardians = people | set(
        db.scalars(scope.guardians_of(sa.select(col(Person.id)).where(col(Person.id).in_(people))))
    )
    wards = sa.select(col(Guardianship.student_id)).where(
        col(Guardianship.guardian_id).in_(guardians), scope.holds_today()
    )
    family = guardians | set(db.scalars(wards))
    theirs = list(db.scalars(sa.select(col(Account.id)).where(col(Account.person_id).in_(family))))
    return list(db.scalars(account_ids.where(account_ids.selected_columns[0].in_(theirs))))
