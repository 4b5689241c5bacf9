"""Imports: a check that changes nothing, then all of it in one transaction or none of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, RowProblem, RowProblems, Severity
from core.models import ImportRun, Person, PersonKind, PersonStatus
from core.permissions import Actor, Permission
from core.rules.imports import plan as plans
from core.rules.imports.intake import Intake, SectionKey
from core.rules.imports.plan import Plan
from core.rules.imports.world import World
from core.rules.spreadsheets import Upload
from core.services import audit, import_addresses, import_writing
from core.tables import imports as tables


@dataclass(frozen=True)
class Check:
    """What an import would do, and everything that needs another look."""

    intake: Intake
    world: World
    plan: Plan

    @property
    def problems(self) -> list[RowProblem]:
        """Errors first, each in the order of the file."""
        found = self.intake.problems + self.plan.problems
        return sorted(found, key=lambda problem: (problem.severity != Severity.ERROR, problem.file, problem.row))

    @property
    def errors(self) -> int:
        return sum(problem.severity == Severity.ERROR for problem in self.intake.problems)

    def title_of(self, section: SectionKey | None) -> str:
        """What people call a class."""
        if section is None:
            return ""
        new = self.plan.sections.get(section)
        return new.title if new else str(self.world.sections[section]["title"])


@dataclass(frozen=True)
class Applied:
    """What was stored, and the campaigns that write to addresses that changed; the caller starts those."""

    run: ImportRun
    notices: tuple[int, ...]


def check(db: Session, actor: Actor, *, intake: Intake) -> Check:
    """Say what would be created and changed, who is missing, and what is wrong with which row. Changes nothing."""
    actor.require(Permission.IMPORT)
    world = tables.world(db)
    return Check(intake, world, plans.make(intake, world))


def apply(db: Session, actor: Actor, *, seen: Check, uploads: list[Upload], mark_as_left: bool = False) -> Applied:
    """Do what the check has shown, whole. No account is made, and only addresses that change are written to.

    Refuses with RowProblems while there are errors, with Conflict when the school's data moved since the check.
    """
    actor.require(Permission.IMPORT)
    if seen.errors:
        message = f"{seen.errors:,} cells need another look before this can be imported. Nothing was changed."
        raise RowProblems(message, seen.problems)
    _lock(db)
    world = tables.world(db)
    plan = seen.plan if world == seen.world else plans.make(seen.intake, world)
    if plan.counts != seen.plan.counts:
        raise Conflict("Somebody changed the school's data since the check. Look at the new check, then import.")
    moving = import_addresses.before(db, plan)
    import_writing.write(db, plan)
    notices = import_addresses.follow(db, actor, moving)
    left = _mark_as_left(db, plan) if mark_as_left else 0
    return Applied(_record(db, actor, plan, seen.intake, uploads, left), notices)


def _lock(db: Session) -> None:
    """Nobody else writes people or classes until the end; on SQLite the transaction has seen to that already."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(
            sa.text("LOCK TABLE person, section, academic_period, enrolment, guardianship IN SHARE ROW EXCLUSIVE MODE")
        )


def _mark_as_left(db: Session, plan: Plan) -> int:
    """Students who are missing from the files. Staff are never marked: the files do not know the office."""
    gone = [{"the_id": row["id"]} for row in plan.missing if row["kind"] == PersonKind.STUDENT]
    if gone:
        statement = sa.update(Person).where(col(Person.id) == sa.bindparam("the_id"))
        db.connection().execute(statement.values(status=PersonStatus.LEFT.value, updated_at=clock.now()), gone)
    return len(gone)


def _record(db: Session, actor: Actor, plan: Plan, intake: Intake, uploads: list[Upload], left: int) -> ImportRun:
    counts = plan.counts
    run = ImportRun(
        applied_at=clock.now(),
        applied_by=actor.label,
        source=", ".join(sorted(upload.name for upload in uploads))[:250],
        format=intake.format.value,
        digest=_digest(uploads),
        created=counts.created,
        changed=counts.changed,
        unchanged=counts.unchanged,
        left=left,
    )
    db.add(run)
    db.flush()
    details = {"created": counts.created, "changed": counts.changed, "unchanged": counts.unchanged, "left": left}
    details_of_run = details | {"digest": run.digest, "format": run.format}
    audit.record(db, actor, action="import.applied", object_kind="import_run", object_id=run.id, details=details_of_run)
    return run


def _digest(uploads: list[Upload]) -> str:
    sums = sorted(hashlib.sha256(upload.content).hexdigest() for upload in uploads)
    return hashlib.sha256("".join(sums).encode()).hexdigest()
