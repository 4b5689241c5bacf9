"""The demo school: a whole school that never was, the same for the same numbers on the same day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from random import Random

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from core import clock, database, keys, models
from core.config import command
from core.demo import families, sections, staff
from core.demo.accounts import Ledger
from core.demo.register import Register, Row
from core.errors import Conflict
from core.models import Person, PersonKind, SchoolSettings
from core.permissions import Actor, system
from core.services import audit
from core.tables.school import policy

SCHOOL_NAME = "Athena School"


@dataclass(frozen=True)
class Counts:
    """How many of each there are."""

    students: int
    guardians: int
    staff: int
    accounts: int
    sections: int
    invitations: int


def seed(db: Session, *, students: int, seed: int, actor: Actor | None = None) -> Counts:
    """Fill an empty database with a school of `students` students; refuses one that has people."""
    school = _demo_settings(db)
    today = datetime.combine(clock.now().date(), time(), UTC)
    chance = Random(seed)  # noqa: S311  (a school that can be made again, not a secret)
    layout = sections.layout(students, today=today.date())
    register = Register(chance, school.default_region, today)
    held = staff.fill(register, layout, students=students)
    families.fill(register, layout, students=students)
    ledger = Ledger(chance, keys.current(), policy(school), today, held)
    for person in register.people:
        ledger.open_for(person)
    for model, rows in _tables(layout, register, ledger):
        _insert(db, model, rows)
    counts = _counts(layout, register, ledger)
    details = {"students": counts.students, "accounts": counts.accounts, "seed": seed}
    audit.record(db, actor or system("demo"), action="demo.made", object_kind="school", details=details)
    return counts


def _demo_settings(db: Session) -> SchoolSettings:
    school = db.get(SchoolSettings, 1) or SchoolSettings(id=1)
    if db.exec(select(col(Person.id)).limit(1)).first() is not None:
        raise Conflict(_refusal(is_demo=school.is_demo))
    school.is_demo, school.school_name = True, SCHOOL_NAME
    school.help_contact = "office@school.example"
    school.second_factor = False  # a tour of five minutes needs no phone
    db.add(school)
    db.flush()
    return school


def _refusal(*, is_demo: bool) -> str:
    if is_demo:
        return (
            "There is a demo school already. To make another one, empty it first: "
            f"{command('start-own-school')}, then this command again."
        )
    return (
        "This database belongs to a school: it has people. The demo school is never mixed with them. "
        "Give the demo a database of its own with FIRSTKEY_DATABASE_URL."
    )


def _tables(layout: sections.Layout, register: Register, ledger: Ledger) -> list[tuple[type[SQLModel], list[Row]]]:
    return [
        (models.AcademicPeriod, [layout.period]),
        (models.Section, layout.sections),
        (models.Person, register.people),
        (models.Enrolment, register.enrolments),
        (models.Guardianship, register.guardianships),
        (models.Account, ledger.accounts),
        (models.AccountRole, ledger.roles),
        (models.Invitation, ledger.invitations),
    ]


def _insert(db: Session, model: type[SQLModel], rows: list[Row]) -> None:
    if not rows:
        return
    for number, row in enumerate(rows, 1):
        row["id"] = number  # people and accounts are numbered so already
    by_columns: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        by_columns.setdefault(frozenset(row), []).append(row)
    for alike in by_columns.values():  # a column left out costs nothing, a NULL in it does
        database.insert(db, sa.insert(model), alike)
    if db.get_bind().dialect.name == "postgresql":  # numbers given by us do not move its counter
        table = model.__table__.name  # type: ignore[attr-defined]
        db.connection().execute(
            sa.text(f"SELECT setval(pg_get_serial_sequence(:table, 'id'), (SELECT max(id) FROM \"{table}\"))"),
            {"table": table},
        )


def _counts(layout: sections.Layout, register: Register, ledger: Ledger) -> Counts:
    of = register.numbers
    return Counts(
        students=of.get(PersonKind.STUDENT, 0),
        guardians=of.get(PersonKind.GUARDIAN, 0),
        staff=of.get(PersonKind.STAFF, 0),
        accounts=len(ledger.accounts),
        sections=len(layout.sections),
        invitations=len(ledger.invitations),
    )
