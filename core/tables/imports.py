"""What an import compares with, and the imports of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.models import AcademicPeriod, Enrolment, FolderImport, Guardianship, ImportRun, Person, Section
from core.permissions import Actor, Permission
from core.rules.imports.leaving import UNDO_DAYS
from core.rules.imports.world import Row, World
from core.tables import school

_PERSON = (
    *("id", "kind", "source_id", "first_name", "middle_name", "last_name", "status", "grade", "programme"),
    *("language", "personal_email", "use_personal_email", "contact_email", "external_email", "mobile", "phone"),
    *(
        "search_text",
        "sort_name",
        "sort_grade",
        "personal_email_valid",
        "contact_email_valid",
        "mobile_region",
        "phone_region",
        "section_id",
    ),
)


def world(db: Session) -> World:
    """All people, classes, enrolments and guardianships; each table is read once."""
    settings = school.settings(db)
    periods = _rows(db, AcademicPeriod, ("id", "source_id", "title", "starts_on", "ends_on", "is_current"))
    period_of = {row["id"]: row["source_id"] for row in periods}
    sections = _rows(db, Section, ("id", "source_id", "period_id", "title", "grade", "school"))
    section_of = {row["id"]: (period_of[row["period_id"]], row["source_id"]) for row in sections}
    people = _rows(db, Person, _PERSON)
    person_of = {}
    for row in people:
        row["section"] = section_of.get(row.pop("section_id"))
        person_of[row["id"]] = (row["kind"], row["source_id"])
    return World(
        region=settings.default_region,
        today=clock.now().astimezone(ZoneInfo(settings.time_zone)).date(),
        new_student=settings.registered_statuses[0],  # in the order of the statuses: Registered where it counts
        people=dict(zip(person_of.values(), people, strict=True)),
        periods={row["source_id"]: row for row in periods},
        sections={section_of[row["id"]]: row for row in sections},
        enrolments={
            (section_of[row["section_id"]], person_of[row["person_id"]]): row
            for row in _rows(db, Enrolment, ("id", "section_id", "person_id", "kind"))
        },
        guardianships={
            (person_of[row["student_id"]], person_of[row["guardian_id"]]): row
            for row in _rows(db, Guardianship, ("id", "student_id", "guardian_id", "relation"))
        },
    )


def runs(db: Session, actor: Actor, *, limit: int = 20) -> Sequence[ImportRun]:
    """The latest imports, newest first."""
    actor.require(Permission.IMPORT)
    return db.exec(select(ImportRun).order_by(col(ImportRun.id).desc()).limit(limit)).all()


def undoable(db: Session, actor: Actor) -> Sequence[ImportRun]:
    """Imports by which people left, a few days ago at most, and which nobody has undone; newest first."""
    actor.require(Permission.IMPORT)
    left = select(ImportRun).where(ImportRun.left > 0, col(ImportRun.leavers_undone_at).is_(None))
    recent = left.where(ImportRun.applied_at > clock.now() - timedelta(days=UNDO_DAYS))
    return db.exec(recent.order_by(col(ImportRun.id).desc())).all()


@dataclass(frozen=True)
class OfFolder:
    """A file of the import folder: refused, imported, or the same as the one before."""

    at: datetime
    name: str
    refusal: str
    notes: int
    is_new: bool
    created: int
    changed: int
    left: int


def folder(db: Session, actor: Actor, *, limit: int = 10) -> list[OfFolder]:
    """The latest files of the import folder, newest first."""
    actor.require(Permission.IMPORT)
    query = sa.select(FolderImport, ImportRun).outerjoin(ImportRun, col(ImportRun.id) == col(FolderImport.run_id))
    return [
        OfFolder(one.at, one.name, one.refusal, one.notes, run is not None, *_numbers(run))
        for one, run in db.execute(query.order_by(col(FolderImport.id).desc()).limit(limit))
    ]


def _numbers(run: ImportRun | None) -> tuple[int, int, int]:
    return (run.created, run.changed, run.left) if run else (0, 0, 0)


def _rows(db: Session, model: type, names: tuple[str, ...]) -> list[Row]:
    chosen = sa.select(*(getattr(model, name) for name in names)).order_by(model.id)  # type: ignore[attr-defined]
    return [dict(zip(names, row, strict=True)) for row in db.connection().execute(chosen)]
