"""Whose slips stand on some pages, found without their secrets: for the preview of a report about very many."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Guardianship, Person, PersonKind
from core.permissions import Actor
from core.rules.report_parameters import CredentialParameters
from core.tables import reports, scope, slips

Group = tuple[Any, ...]
_WITHOUT_CLASS, _STAFF = (1,), (2,)  # after all classes


@dataclass(frozen=True)
class _Class:
    """What is printed together: its title, how many slips it has, and what holds for those in it."""

    title: str
    number: int
    holds: sa.ColumnElement[bool]


def of(
    db: Session,
    actor: Actor,
    *,
    account_ids: sa.Select[Any],
    parameters: CredentialParameters,
    most: int,
    after: int = 0,
) -> sa.Select[Any]:
    """The accounts of `most` slips after so many, in the order of `slips`.

    With letters of families always those of the first, and a few more.
    """
    places = _places(actor, account_ids, parameters.section_ids)
    if not parameters.one_per_family:
        return _these(_first(db, places, parameters, most, sa.true(), after=after))
    students = places.c.kind == PersonKind.STUDENT  # a letter stands where its first student stands
    led, others = (_first(db, places, parameters, most, among) for among in (students, sa.not_(students)))
    return _these(_with_families(db, account_ids, [*led, *others]))


def counts(db: Session, actor: Actor, *, account_ids: sa.Select[Any], parameters: CredentialParameters) -> list[int]:
    """How many slips begin on a page of their own together, in the order of `slips`: by class, or all."""
    together = _classes(db, _places(actor, account_ids, parameters.section_ids), sa.true())
    if not parameters.page_per_class:
        return [sum(one.number for one in together)]
    return [sum(one.number for one in same) for _title, same in groupby(together, key=lambda one: one.title)]


def _these(ids: list[int]) -> sa.Select[Any]:
    return sa.select(col(Account.id)).where(col(Account.id).in_(ids))


def _places(actor: Actor, account_ids: sa.Select[Any], section_ids: Collection[int]) -> sa.CTE:
    """Each account with the class and the code it stands by: for a guardian, those of the first student.

    Students of the classes asked for come first, as in `slips`.
    """
    ward, guardian = aliased(Person), col(Guardianship.guardian_id)
    asked = sa.case((slips.is_in(ward, section_ids), 0), else_=1)
    at = sa.func.row_number().over(partition_by=guardian, order_by=(asked, col(ward.sort_name))).label("at")
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
    db: Session,
    places: sa.CTE,
    parameters: CredentialParameters,
    most: int,
    among: sa.ColumnElement[bool],
    *,
    after: int = 0,
) -> list[int]:
    classes = {section_id: order for section_id, (_title, order) in reports.classes(db).items()}
    by_class, by_code = parameters.page_per_class or parameters.order == "class", parameters.order == "code"
    query = sa.select(places.c.id, places.c.kind, places.c.section_id, places.c.code).where(among)
    query = query.order_by(places.c.sort_name, places.c.person_id)
    if by_class:
        holds, after = _in_classes(_classes(db, places, among), most, after)
        query = query.where(holds)
    elif not by_code:
        query, after = query.limit(most).offset(after), 0

    def place(numbered: tuple[int, Any]) -> tuple[Any, ...]:
        at, row = numbered
        code = (row.kind == PersonKind.STAFF, reports.natural(row.code)) if by_code else ()
        return _group(classes, row) if by_class else (), code, at

    return [row.id for _at, row in nsmallest(after + most, enumerate(db.execute(query)), key=place)[after:]]


def _in_classes(classes: list[_Class], most: int, after: int) -> tuple[sa.ColumnElement[bool], int]:
    """Holds for those in the classes in which so many slips after so many lie; how many of these come before."""
    chosen = list[Any]()
    for one in classes:
        if not chosen and after >= one.number:
            after -= one.number
        elif most + after > 0:
            chosen.append(one.holds)
            most -= one.number
    return sa.or_(sa.false(), *chosen), after


def _classes(db: Session, places: sa.CTE, among: sa.ColumnElement[bool]) -> list[_Class]:
    """The classes in their order: the database counts."""
    titles = reports.classes(db)
    classes = {section_id: order for section_id, (_title, order) in titles.items()}
    kind = sa.case((places.c.kind == PersonKind.STAFF, PersonKind.STAFF.value), else_="").label("kind")
    counted = sa.select(kind, places.c.section_id, sa.func.count().label("number")).where(among)
    rows = sorted(db.execute(counted.group_by(kind, places.c.section_id)), key=lambda row: _group(classes, row))
    return list(_together(rows, kind, places, {order: title for title, order in titles.values()}, classes))


def _together(
    rows: list[Any], kind: Any, places: sa.CTE, titles: dict[Group, str], classes: dict[int, Group]
) -> Iterator[_Class]:
    special = {_WITHOUT_CLASS: slips.WITHOUT_CLASS, _STAFF: slips.STAFF}
    for order, same in groupby(rows, key=lambda row: _group(classes, row)):
        listed = list(same)
        holds = [sa.and_(kind == row.kind, places.c.section_id.is_not_distinct_from(row.section_id)) for row in listed]
        yield _Class((titles | special)[order], sum(row.number for row in listed), sa.or_(*holds))


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
