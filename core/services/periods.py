"""Academic periods as rows: making one, correcting its name and days, removing one that nothing refers to."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import Conflict, InputProblem, NotFound
from core.models import AcademicPeriod, AccountRole, Section, YearChange
from core.permissions import Actor, Permission
from core.rules import typed
from core.services import account_effects, audit


def create(db: Session, actor: Actor, *, title: str, starts_on: date, ends_on: date) -> int:
    """Make a year that is not the current one yet; gives its id. Refuses days that are of another year."""
    actor.require(Permission.MANAGE_PERIODS)
    named = _name(db, title)
    _refuse_overlap(db, starts_on, ends_on)
    made = AcademicPeriod(source_id=named, title=named, starts_on=starts_on, ends_on=ends_on)
    db.add(made)
    db.flush()
    audit.record(db, actor, action="year.created", object_kind="period", object_id=made.id)
    return made.id or 0


def correct(
    db: Session, actor: Actor, *, period_id: int, title: str, starts_on: date | None, ends_on: date | None
) -> None:
    """Give a year its right name and days. An import that brings the year writes what the file says once more."""
    actor.require(Permission.MANAGE_PERIODS)
    period = _period(db, period_id)
    wanted: dict[str, Any] = {"title": _name(db, title, but=period), "starts_on": starts_on, "ends_on": ends_on}
    changed = [name for name, value in wanted.items() if getattr(period, name) != value]
    if not changed:
        raise Conflict("The year has this name and these days already.")
    if changed != ["title"]:
        _refuse_overlap(db, starts_on, ends_on, but=period_id)
    told = {name: [str(getattr(period, name) or ""), str(wanted[name])] for name in changed}
    if period.source_id == period.title:  # made here: classes that come by import find it by its name
        period.source_id = wanted["title"]
    for name in changed:
        setattr(period, name, wanted[name])
    db.add(period)
    audit.record(
        db, actor, action="year.corrected", object_kind="period", object_id=period_id, details={"changes": told}
    )


def remove(db: Session, actor: Actor, *, period_id: int) -> None:
    """Take away a year that was made by mistake; refuses while anything is tied to it."""
    actor.require(Permission.MANAGE_PERIODS)
    period = _period(db, period_id)
    if period.is_current:
        raise Conflict(f"{period.title} is the current year. Begin another one first.")
    if tied := _tied(db, period_id):
        raise Conflict(f"{period.title} cannot be removed: {tied}.")
    title = period.title
    db.execute(sa.delete(YearChange).where(col(YearChange.period_id) == period_id))
    account_effects.write(db, sa.delete(AcademicPeriod).where(col(AcademicPeriod.id) == period_id))
    db.expire_all()
    details = {"year": title}
    audit.record(db, actor, action="year.removed", object_kind="period", object_id=period_id, details=details)


def _period(db: Session, period_id: int) -> AcademicPeriod:
    period = db.get(AcademicPeriod, period_id, with_for_update=True)
    if period is None:
        raise NotFound("This year is not there any more. Look at the list again.")
    return period


def _name(db: Session, title: str, *, but: AcademicPeriod | None = None) -> str:
    named = typed.name(title, "title", "The name of the year")
    same = sa.or_(col(AcademicPeriod.title) == named, col(AcademicPeriod.source_id) == named)
    others = sa.select(col(AcademicPeriod.id)).where(same, col(AcademicPeriod.id) != (but.id if but else 0))
    if db.scalars(others).first() is not None:
        raise InputProblem(f"There is a year {named} already.", field="title")
    return named


def _refuse_overlap(db: Session, starts_on: date | None, ends_on: date | None, *, but: int = 0) -> None:
    if starts_on is None or ends_on is None:
        raise InputProblem("Choose the first and the last day of the year.", field="starts_on")
    if not starts_on < ends_on:
        raise InputProblem("The year ends before it begins. Choose a later last day.", field="ends_on")
    within = (col(AcademicPeriod.starts_on) <= ends_on, col(AcademicPeriod.ends_on) >= starts_on)
    others = sa.select(col(AcademicPeriod.title)).where(*within, col(AcademicPeriod.id) != but)
    if other := db.scalars(others.order_by(col(AcademicPeriod.starts_on))).first():
        raise InputProblem(f"Some of these days are in the year {other}. Choose other days.", field="starts_on")


def _tied(db: Session, period_id: int) -> str:
    """What would lose its year; empty when nothing would."""
    classes = sa.select(col(Section.id)).where(col(Section.period_id) == period_id)
    if db.scalars(classes.limit(1)).first() is not None:
        return "it has classes"
    roles = sa.select(col(AccountRole.id)).where(col(AccountRole.period_id) == period_id)
    if db.scalars(roles.limit(1)).first() is not None:
        return "roles are held in it. End them in Staff and roles or User Accounts first"
    for change in db.scalars(sa.select(YearChange).where(col(YearChange.undone_at).is_(None))):
        if period_id in (change.period_id, *change.current_before):
            return "it was the current year once"
    return ""
