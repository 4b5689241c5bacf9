"""Beginning an academic year: classes go up, roles go over, the year becomes the current one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import Conflict, NotFound
from core.models import AcademicPeriod, Enrolment, EnrolmentKind, Person, PersonStatus, Section, YearChange, YearMove
from core.permissions import Actor, Permission
from core.rules import promotion
from core.rules.promotion import RolesFollow, Step
from core.rules.search_text import sort_key
from core.services import account_effects, audit, year_roles
from core.tables import years

_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Plan:
    """How a year is to begin. Without steps its classes came by import, and nobody is moved."""

    period_id: int
    steps: tuple[Step, ...] = ()
    roles: RolesFollow = RolesFollow.TITLE


@dataclass(frozen=True)
class Foreseen:
    """What beginning the year would do; `seen` stands for exactly that."""

    title: str
    go_up: int
    leave: int
    new_classes: tuple[str, ...]
    roles: int
    roles_left_behind: int
    seen: str


def foresee(db: Session, actor: Actor, *, plan: Plan) -> Foreseen:
    """Look without touching: who goes up, who leaves, which classes are made, which roles go over."""
    actor.require(Permission.MANAGE_PERIODS)
    target, now = _target(db, plan), _current(db)
    classes = years.classes(db, period_id=now.id or 0)
    steps = promotion.checked(plan.steps, classes) if plan.steps else ()
    students = {one.section_id: one.students for one in classes}
    leave = sum(students[step.section_id] for step in steps if step.leaves)
    there = _by_name(db, target)
    schools = {one.section_id: one.school for one in classes}
    wanted = {_key(step.title, schools[step.section_id]): step.title for step in steps if not step.leaves}
    new = tuple(title for key, title in wanted.items() if key not in there)
    after = {step.section_id: _key(step.title, schools[step.section_id]) for step in steps if not step.leaves}
    mapped = {one.section_id: _follows(one.title, one.school, after.get(one.section_id), plan) for one in classes}
    roles = year_roles.foresee(
        db,
        actor,
        from_period=now.id or 0,
        mapped=[section_id for section_id, key in mapped.items() if key in there or key in wanted],
        leaving=[step.section_id for step in steps if step.leaves],
        carry=_carries(plan),
    )
    facts = (plan, students, sorted(there), roles, years.sums(db, period_id=now.id or 0), now.id)
    seen = hashlib.sha256(repr(facts).encode()).hexdigest()
    go_up = sum(students.values()) - leave if steps else 0
    return Foreseen(target.title, go_up, leave, new, roles.carried, roles.left_behind, seen)


def begin(db: Session, actor: Actor, *, plan: Plan, seen: str) -> int:
    """Do what was foreseen, all in this transaction; gives the change, which can be undone.

    Refuses with Conflict when it would be something else by now.
    """
    actor.require(Permission.MANAGE_PERIODS)
    account_effects.lock(db)
    foreseen = foresee(db, actor, plan=plan)
    if foreseen.seen != seen:
        raise Conflict(
            f"Students or classes changed since you looked, so nothing was done. {foreseen.go_up:,} would go up now, "
            f"and {foreseen.leave:,} leave. Look again, then begin."
        )
    target, now = _target(db, plan), _current(db)
    old = years.classes(db, period_id=now.id or 0)
    change = YearChange(period_id=plan.period_id, made_by=actor.account_id, made_at=clock.now())
    change.current_before = [period.id or 0 for period in _all_current(db)]
    db.add(change)
    db.flush()
    steps = promotion.checked(plan.steps, old) if plan.steps else ()
    to = _make_classes(db, change, target, steps, {one.section_id: one.school for one in old})
    _move(db, change, steps, to)
    there = _by_name(db, target)
    mapped = {one.section_id: there.get(_key(one.title, one.school)) for one in old}
    if plan.roles is RolesFollow.STUDENTS and steps:
        mapped = {section_id: to.get(section_id) for section_id in mapped}
    found = {before: after for before, after in mapped.items() if after is not None}
    year_roles.carry(db, change, from_period=now.id or 0, mapped=found, carry=_carries(plan))
    _make_current(db, [plan.period_id])
    details = {"change": change.id, "went_up": foreseen.go_up, "left": foreseen.leave, "roles": foreseen.roles}
    audit.record(db, actor, action="year.begun", object_kind="period", object_id=plan.period_id, details=details)
    return change.id or 0


def _carries(plan: Plan) -> bool:
    return plan.roles is not RolesFollow.STAY


def _follows(title: str, school: str, up: tuple[str, str] | None, plan: Plan) -> tuple[str, str] | None:
    """The class to which roles for a class go."""
    return up if plan.roles is RolesFollow.STUDENTS and plan.steps else _key(title, school)


def _key(title: str, school: str) -> tuple[str, str]:
    return title.casefold(), school


def _target(db: Session, plan: Plan) -> AcademicPeriod:
    target = db.get(AcademicPeriod, plan.period_id)
    if target is None:
        raise NotFound("This year is not there any more. Choose another one.")
    if target.is_current:
        raise Conflict(f"{target.title} is the current year already.")
    return target


def _all_current(db: Session) -> list[AcademicPeriod]:
    return list(db.exec(select(AcademicPeriod).where(AcademicPeriod.is_current).order_by(col(AcademicPeriod.id))))


def _current(db: Session) -> AcademicPeriod:
    found = _all_current(db)
    return found[-1] if found else AcademicPeriod(id=0, source_id="", title="")


def _by_name(db: Session, target: AcademicPeriod) -> dict[tuple[str, str], int]:
    query = select(Section.id, Section.title, Section.school).where(Section.period_id == target.id)
    return {_key(title, school): section_id or 0 for section_id, title, school in db.exec(query)}


def _make_classes(
    db: Session, change: YearChange, target: AcademicPeriod, steps: tuple[Step, ...], schools: Mapping[int, str]
) -> dict[int, int]:
    """The class to which each class goes, made where it is not there yet."""
    there, made, to = _by_name(db, target), list[int](), dict[int, int]()
    for step in steps:
        if step.leaves:
            continue
        key = _key(step.title, schools[step.section_id])
        if key not in there:
            code = " ".join(filter(None, (target.source_id, step.title, schools[step.section_id])))
            section = Section(
                source_id=_free(db, target, code),
                period_id=target.id or 0,
                title=step.title,
                sort_title=sort_key(step.title),
                grade=step.grade,
                school=schools[step.section_id],
            )
            db.add(section)
            db.flush()
            there[key] = section.id or 0
            made.append(section.id or 0)
        to[step.section_id] = there[key]
    change.sections_made = made
    db.add(change)
    return to


def _free(db: Session, target: AcademicPeriod, code: str) -> str:
    """A code that no class of the year has: the school's own system may have given ours to another one."""
    taken = set(db.exec(select(Section.source_id).where(Section.period_id == target.id)))
    return next(name for name in (code, *(f"{code} {number}" for number in range(2, 10_001))) if name not in taken)


def _move(db: Session, change: YearChange, steps: tuple[Step, ...], to: Mapping[int, int]) -> None:
    """Remember what the rows were, then change them: a few statements a class."""
    db.flush()
    grades = {row.id: row.grade for row in db.exec(select(Section).where(col(Section.id).in_(set(to.values()))))}
    for step in steps:
        section_id = to.get(step.section_id)
        db.execute(_remembered(db, change, step.section_id, section_id))
        mine = sa.select(col(YearMove.person_id)).where(
            col(YearMove.change_id) == change.id, col(YearMove.section_id) == step.section_id
        )
        values: dict[str, object] = {"status": PersonStatus.LEFT.value, "updated_at": change.made_at}
        if section_id is not None:
            grade = grades[section_id]
            values = {"section_id": section_id, "grade": grade, "sort_grade": sort_key(grade)}
            values["updated_at"] = change.made_at
        db.execute(sa.update(Person).where(col(Person.id).in_(mine)).values(**values).execution_options(**_QUIET))
    rows = sa.select(col(YearMove.to_section_id), col(YearMove.person_id), sa.literal(EnrolmentKind.LEARNER.value))
    new = rows.where(col(YearMove.change_id) == change.id, col(YearMove.enrols))
    db.execute(sa.insert(Enrolment).from_select(["section_id", "person_id", "kind"], new))


def _remembered(db: Session, change: YearChange, section_id: int, to_section_id: int | None) -> sa.Insert:
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.section_id) == to_section_id, col(Enrolment.person_id) == col(Person.id)
    )
    enrols = ~enrolled.exists() if to_section_id is not None else sa.false()
    before = [getattr(Person, name) for name in ("section_id", "grade", "sort_grade", "status", "updated_at")]
    rows = sa.select(sa.literal(change.id), col(Person.id), *before, sa.cast(to_section_id, sa.Integer), enrols)
    names = ["change_id", "person_id", "section_id", "grade", "sort_grade", "status", "updated_at"]
    rows = rows.where(col(Person.section_id) == section_id, years.goes_up(db))
    return sa.insert(YearMove).from_select([*names, "to_section_id", "enrols"], rows)


def _make_current(db: Session, period_ids: list[int]) -> None:
    current = col(AcademicPeriod.id).in_(period_ids)
    db.execute(sa.update(AcademicPeriod).values(is_current=current).execution_options(**_QUIET))
    db.expire_all()
