"""What an import compares with, and the imports of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.models import (
    AcademicPeriod,
    Account,
    AccountRole,
    Enrolment,
    FolderImport,
    Guardianship,
    ImportLeaver,
    ImportRun,
    Person,
    PersonStatus,
    Section,
)
from core.permissions import Actor, Permission, Role
from core.rules.imports.leaving import UNDO_DAYS
from core.rules.imports.world import Row, World
from core.tables import school

_PERSON = (
    *("id", "kind", "source_id", "first_name", "middle_name", "last_name", "status", "grade", "programme"),
    *("language", "personal_email", "use_personal_email", "contact_email", "external_email", "mobile", "phone"),
    *(
        "search_text",
        "sort_name",
        "sort_first_name",
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
        today=clock.today(),
        registered=tuple(settings.registered_statuses),
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
        administer=_administer(db, clock.today()),
        left=_left(db),
        closed=_closed(db),
    )


def _administer(db: Session, today: date) -> frozenset[int]:
    """People who are administrators, also those who will be."""
    held = sa.select(col(Account.person_id)).join(AccountRole, col(AccountRole.account_id) == col(Account.id))
    lasting = sa.or_(col(AccountRole.ends_on).is_(None), col(AccountRole.ends_on) >= today)
    return frozenset(db.scalars(held.where(col(AccountRole.role) == Role.ADMINISTRATOR, lasting)))


def _left(db: Session) -> dict[int, str]:
    """What people were who left with an import, where nothing of them was changed since."""
    stands = sa.and_(col(Person.status) == PersonStatus.LEFT, col(Person.updated_at) == col(ImportRun.applied_at))
    found = sa.select(col(Person.id), col(ImportLeaver.status)).join(ImportLeaver).join(ImportRun)
    return {row[0]: row[1] for row in db.execute(found.where(stands, col(ImportRun.leavers_undone_at).is_(None)))}


def _closed(db: Session) -> frozenset[int]:
    """People whose account is off because they left with an import, and for nothing else."""
    off = sa.and_(col(Account.deactivated_at) == col(ImportRun.applied_at), col(ImportLeaver.deactivated))
    found = sa.select(col(Account.person_id)).join(ImportLeaver, col(ImportLeaver.person_id) == col(Account.person_id))
    return frozenset(db.scalars(found.join(ImportRun).where(off, col(ImportRun.leavers_undone_at).is_(None))))


def runs(db: Session, actor: Actor, *, limit: int = 20) -> Sequence[ImportRun]:
    """The latest imports, newest first."""
    actor.require(Permission.IMPORT)
    return db.exec(select(ImportRun).order_by(col(ImportRun.id).desc()).limit(limit)).all()


@dataclass(frozen=True)
class Kept:
    """How many imports, and how many files of the import folder, are known."""

    runs: int
    of_folder: int


def number(db: Session, actor: Actor) -> Kept:
    """Of all of them, not only of the latest."""
    actor.require(Permission.IMPORT)
    counts = (sa.select(sa.func.count()).select_from(kept).scalar_subquery() for kept in (ImportRun, FolderImport))
    return Kept(*db.execute(sa.select(*counts)).one())


def undoable(db: Session, actor: Actor) -> Sequence[ImportRun]:
    """Imports by which people left or came back, a few days ago at most, and which nobody has undone; newest first."""
    actor.require(Permission.IMPORT)
    moved = select(ImportRun).where(sa.or_(col(ImportRun.left) > 0, col(ImportRun.returned) > 0))
    recent = moved.where(col(ImportRun.leavers_undone_at).is_(None)).where(
        ImportRun.applied_at > clock.now() - timedelta(days=UNDO_DAYS)
    )
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
    returned: int


def folder(db: Session, actor: Actor, *, limit: int = 10) -> list[OfFolder]:
    """The latest files of the import folder, newest first."""
    actor.require(Permission.IMPORT)
    query = sa.select(FolderImport, ImportRun).outerjoin(ImportRun, col(ImportRun.id) == col(FolderImport.run_id))
    return [
        OfFolder(one.at, one.name, one.refusal, one.notes, run is not None, *_numbers(run))
        for one, run in db.execute(query.order_by(col(FolderImport.id).desc()).limit(limit))
    ]


def _numbers(run: ImportRun | None) -> tuple[int, int, int, int]:
    return (run.created, run.changed, run.left, run.returned) if run else (0, 0, 0, 0)


def _rows(db: Session, model: type, names: tuple[str, ...]) -> list[Row]:
    chosen = sa.select(*(getattr(model, name) for name in names)).order_by(model.id)  # type: ignore[attr-defined]
    return [dict(zip(names, row, strict=True)) for row in db.connection().execute(chosen)]
