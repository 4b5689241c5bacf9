"""Imports: a check that changes nothing, then all of it in one transaction or none of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.config import command
from core.errors import Conflict, InputProblem, RowProblem, RowProblems, Severity
from core.models import ImportRun
from core.permissions import Actor, Permission
from core.rules.imports import leaving
from core.rules.imports import plan as plans
from core.rules.imports.intake import Intake, SectionKey
from core.rules.imports.leaving import Leavers
from core.rules.imports.plan import Plan
from core.rules.imports.world import Row, World
from core.rules.spreadsheets import Upload
from core.services import account_effects, audit, import_addresses, import_leavers, import_returns, import_writing
from core.tables import freshness, school
from core.tables import imports as tables


class Leave(StrEnum):
    """Who is marked as left: nobody, those of whom the files say so, or also those whom they do not have."""

    NOBODY = "nobody"
    WHO_IS_SAID_TO = "who_is_said_to"
    WHO_IS_MISSING = "who_is_missing"


@dataclass(frozen=True)
class Check:
    """What an import would do, and everything that needs another look."""

    intake: Intake
    world: World
    plan: Plan
    leavers_percent: int
    fresh_code_above: int

    @property
    def problems(self) -> list[RowProblem]:
        """Errors first, each in the order of the file."""
        found = self.intake.problems + self.plan.problems
        return sorted(found, key=lambda problem: (problem.severity != Severity.ERROR, problem.file, problem.row))

    def leavers(self, *, only_said: bool = False) -> Leavers:
        """Whom it would mark as left; with `only_said`, only those of whom the files say that they have."""
        return leaving.of(self.plan, self.world, percent=self.leavers_percent, only_said=only_said)

    def asks_who(self, found: Leavers) -> bool:
        """Whether who lets these leave is asked anew who they are; the import asks again."""
        return bool(found.why_not) or len(found) > self.fresh_code_above

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
    own = school.settings(db)
    return Check(intake, world, plans.make(intake, world), own.leavers_percent, own.fresh_code_above)


def apply(
    db: Session,
    actor: Actor,
    *,
    seen: Check,
    uploads: list[Upload],
    leave: Leave = Leave.NOBODY,
    typed_leavers: int | None = None,
) -> Applied:
    """Do what the check has shown, whole. No account is made, and only addresses that change are written to.

    Refuses with RowProblems while there are errors, with Conflict when the school's data moved since the check, and
    where more would leave than the school allows, unless an administrator has typed how many those are. Who lets so
    many leave, or more than may be touched without it, proves anew who they are (R31).
    """
    actor.require(Permission.IMPORT)
    if seen.errors:
        message = f"{seen.errors:,} cells need another look before this can be imported. Nothing was changed."
        raise RowProblems(message, seen.problems)
    if leave is not Leave.NOBODY or seen.plan.returning:
        account_effects.lock(db)  # before the tables: whoever changes accounts takes them in this order
    _lock(db)
    world = tables.world(db)
    plan = seen.plan if world == seen.world else plans.make(seen.intake, world)
    if plan.counts != seen.plan.counts:
        raise Conflict("Somebody changed the school's data since the check. Look at the new check, then import.")
    leavers = _leavers(db, actor, seen=replace(seen, world=world, plan=plan), leave=leave, typed=typed_leavers)
    moving = import_addresses.before(db, plan)
    touched = import_writing.write(db, plan)
    notices = import_addresses.follow(db, actor, moving)
    run = _run(db, actor, plan, seen.intake, uploads, left=len(leavers))
    import_leavers.mark(db, run, leavers)
    import_returns.welcome(db, run, plan)
    _record(db, actor, run, people=touched | {row["id"] for row in leavers})
    return Applied(run, notices)


def _lock(db: Session) -> None:
    """Nobody else writes people or classes until the end; on SQLite the transaction has seen to that already."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(
            sa.text("LOCK TABLE person, section, academic_period, enrolment, guardianship IN SHARE ROW EXCLUSIVE MODE")
        )


def _leavers(db: Session, actor: Actor, *, seen: Check, leave: Leave, typed: int | None) -> Sequence[Row]:
    if leave is Leave.NOBODY:
        return ()
    found = seen.leavers(only_said=leave is Leave.WHO_IS_SAID_TO)
    if found.why_not:
        if typed is None:
            raise Conflict(f"{found.why_not} Is the file whole? If not, have it exported again. {_if_it_is()}")
        actor.require(Permission.CHANGE_SETTINGS)
        if typed != len(found):
            raise InputProblem(f"It would be {len(found):,}, and {typed:,} was typed. Look again, then type how many.")
        actor.require_fresh()
    freshness.require_above(db, actor, people=len(found))
    return found.rows


def _if_it_is() -> str:
    """The page takes smaller files than the folder, and the command takes what the folder takes."""
    typed = command("import FILE --apply --mark-as-left --leavers NUMBER")
    return (
        "If it is, an administrator imports it on the page Imports and types how many leave; "
        f"what is too large for that page goes by: {typed}"
    )


def _run(db: Session, actor: Actor, plan: Plan, intake: Intake, uploads: list[Upload], *, left: int) -> ImportRun:
    counts = plan.counts
    run = ImportRun(
        applied_at=clock.now(),
        applied_by=actor.label,
        source=", ".join(sorted(upload.name for upload in uploads))[:250],
        format=intake.format.value,
        digest=digest(uploads),
        created=counts.created,
        changed=counts.changed,
        unchanged=counts.unchanged,
        left=left,
        returned=counts.returning,
    )
    db.add(run)
    db.flush()
    return run


def _record(db: Session, actor: Actor, run: ImportRun, *, people: Collection[int]) -> None:
    counts = {name: getattr(run, name) for name in ("created", "changed", "unchanged", "left", "returned")}
    details = counts | {"digest": run.digest, "format": run.format}
    audit.record(
        db,
        actor,
        action="import.applied",
        object_kind="import_run",
        object_id=run.id,
        details=details,
        people=people or None,
    )


def digest(uploads: list[Upload]) -> str:
    """What stands for exactly these files, in whatever order."""
    sums = sorted(hashlib.sha256(upload.content).hexdigest() for upload in uploads)
    return hashlib.sha256("".join(sums).encode()).hexdigest()
