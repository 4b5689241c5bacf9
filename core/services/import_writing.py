"""The rows that an import writes, in bulk, within the transaction of the import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from core import clock, database
from core.models import (
    AcademicPeriod,
    Enrolment,
    Guardianship,
    Person,
    Section,
)
from core.models.columns import UtcDateTime
from core.rules.imports.intake import PersonKey, SectionKey
from core.rules.imports.plan import Plan
from core.rules.search_text import sort_key


def write(db: Session, plan: Plan) -> set[int]:
    """Write everything that is new or different; the plan was made in this transaction.

    Gives the ids of everybody whom it touches: they are new, or another, or in another class or family.
    """
    sections = _write_sections(db, plan)
    touched = _write_new(db, plan, sections)
    touched |= {change.before["id"] for change in plan.changed}
    _write_changes(db, plan, sections)
    if not (plan.enrolments or plan.enrolments_ended or plan.guardianships):
        return touched
    people: dict[PersonKey, int] = {
        (kind, source_id): id_
        for id_, kind, source_id in db.connection().execute(sa.select(Person.id, Person.kind, Person.source_id))  # type: ignore[call-overload]
    }
    if plan.enrolments_ended:
        touched |= _enrolled(db, plan.enrolments_ended)
        gone = sa.delete(Enrolment).where(col(Enrolment.id) == sa.bindparam("ended"))
        db.connection().execute(gone, [{"ended": id_} for id_ in plan.enrolments_ended])
    places = plan.enrolments.items()
    _insert(
        db,
        Enrolment,
        [{"section_id": sections[at], "person_id": people[who], "kind": kind} for (at, who), kind in places],
    )
    answers = plan.guardianships.items()
    _insert(
        db,
        Guardianship,
        [{"student_id": people[of], "guardian_id": people[who], "relation": what} for (of, who), what in answers],
    )
    return (
        touched
        | {people[who] for _at, who in plan.enrolments}
        | {people[one] for tie in plan.guardianships for one in tie}
    )


def _write_new(db: Session, plan: Plan, sections: dict[SectionKey, int]) -> set[int]:
    """Nobody else writes people meanwhile, so that whoever comes after the last one is of this import."""
    now, known = clock.now(), db.scalar(sa.select(sa.func.max(col(Person.id)))) or 0
    _insert(db, Person, [_person(row, sections) for row in plan.created], created_at=now, updated_at=now)
    return set(db.scalars(sa.select(col(Person.id)).where(col(Person.id) > known))) if plan.created else set()


def _enrolled(db: Session, enrolment_ids: list[int]) -> set[int]:
    found: set[int] = set()
    for part in database.slices(enrolment_ids):
        found |= set(db.scalars(sa.select(col(Enrolment.person_id)).where(col(Enrolment.id).in_(part))))
    return found


def _write_sections(db: Session, plan: Plan) -> dict[SectionKey, int]:
    """Write periods and classes; gives the id of every class."""
    periods = {row.source_id: row for row in db.exec(select(AcademicPeriod))}
    for source_id, said in plan.periods.items():
        period = periods.setdefault(source_id, AcademicPeriod(source_id=source_id, title=said.title))
        period.title, period.starts_on, period.ends_on = said.title, said.starts_on, said.ends_on
    for source_id, period in periods.items():
        period.is_current = source_id == plan.current_period
        db.add(period)
    db.flush()
    new = [
        {
            "period_id": periods[key[0]].id,
            "source_id": key[1],
            "title": row.title,
            "sort_title": sort_key(row.title),
            "grade": row.grade,
            "school": row.school,
        }
        for key, row in plan.sections.items()
    ]
    _insert(db, Section, new)
    for id_, row in plan.sections_changed.items():
        values = {"title": row.title, "sort_title": sort_key(row.title), "grade": row.grade, "school": row.school}
        db.connection().execute(sa.update(Section).where(col(Section.id) == id_).values(values))
    query = select(AcademicPeriod.source_id, Section.source_id, Section.id).join(Section)
    return {(period, source_id): id_ or 0 for period, source_id, id_ in db.exec(query)}


def _person(row: dict[str, Any], sections: dict[SectionKey, int]) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if name not in ("section", "id")}
    return values | {"section_id": sections[row["section"]] if row["section"] else None}


def _write_changes(db: Session, plan: Plan, sections: dict[SectionKey, int]) -> None:
    """One statement for each set of columns, so that an import of a thousand new classes writes only classes."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in plan.changed:
        values = {name: change.after[name] for name in change.fields}
        if "section" in values:
            values["section_id"] = sections[values.pop("section")]
        by_columns.setdefault(tuple(sorted(values)), []).append(values | {"the_id": change.before["id"]})
    for names, rows in by_columns.items():
        columns: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
        statement = sa.update(Person).where(col(Person.id) == sa.bindparam("the_id"))
        bound = [{f"new_{n}" if n != "the_id" else n: v for n, v in row.items()} for row in rows]
        db.connection().execute(statement.values(columns | {"updated_at": clock.now()}), bound)


def _insert(db: Session, model: type[SQLModel], rows: list[dict[str, Any]], **same: datetime) -> None:
    """Insert `rows`; what is the `same` in all of them stands in the statement once, which saves time."""
    if rows:
        fixed = {name: _literal(db, value) for name, value in same.items()}
        database.insert(db, sa.insert(model).values(fixed) if fixed else sa.insert(model), rows)


def _literal(db: Session, moment: datetime) -> sa.ColumnClause[Any]:
    written = sa.literal(moment, UtcDateTime())
    return sa.literal_column(str(written.compile(db.connection().engine, compile_kwargs={"literal_binds": True})))
