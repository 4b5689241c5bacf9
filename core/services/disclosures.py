"""The question of a data breach: who saw or took the data of these students between two days (R104)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import InputProblem
from core.models import Person
from core.permissions import Actor, Permission
from core.services import audit, selections
from core.tables import audit as audit_table
from core.tables import disclosures, school, scope, selection_rows
from core.tables.disclosures import Disclosure
from core.tables.filters import AuditFilter, DisclosureFilter


@dataclass(frozen=True)
class Answer:
    """About how many it was asked, and every act that showed any of them to somebody."""

    people: int
    acts: tuple[Disclosure, ...]


def ask(db: Session, actor: Actor, *, question: DisclosureFilter) -> Answer:
    """Look through the audit; that somebody asked, and about whom, is written to it."""
    actor.require(Permission.SEE_AUDIT)
    days = AuditFilter(since=question.since, until=question.until)
    since, until = audit_table.moments(days, ZoneInfo(school.settings(db).time_zone))
    if since is None or until is None or since >= until:
        raise InputProblem("Choose the first and the last day, the first one before the last.", field="since")
    people = _people(db, actor, question)
    acts = disclosures.found(db, actor, person_ids=people, since=since, until=until)
    details = {"since": question.since, "until": question.until, "count": len(people), "acts": len(acts)}
    audit.record(db, actor, action="audit.asked", details=details, people=people)
    return Answer(len(people), tuple(acts))


def _people(db: Session, actor: Actor, question: DisclosureFilter) -> Sequence[int]:
    wanted: list[sa.Select[Any]] = []
    if question.person_ids:
        wanted.append(sa.select(col(Person.id)).where(col(Person.id).in_(question.person_ids)))
    if question.section_ids:
        students = scope.students_of(question.section_ids).subquery()
        wanted.append(sa.select(col(Person.id)).where(col(Person.id).in_(sa.select(students.c[0]))))
    chosen = selections.current(db, actor, list_name="students") if question.selected else None
    if chosen and chosen.id is not None:
        wanted.append(selection_rows.person_ids(db, actor, selection_id=chosen.id))
    if not wanted:
        raise InputProblem("Nobody is named. Choose people, a class, or select students in the Students List.")
    return sorted(set[int]().union(*(db.scalars(query) for query in wanted)))
