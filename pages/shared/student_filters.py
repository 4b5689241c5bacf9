"""What the Students List can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.rules import words
from core.tables import options
from core.tables.filters import StudentFilter
from pages.shared import cells, class_options, history_filters
from pages.shared.questions import YES_NO, Choice, OnDemand, Questions

PER_PERIOD = {None: "All", True: "Students Per Period", False: "Students Without Period"}


def questions(actor: Actor, asked: StudentFilter) -> Questions:
    """The questions with the answers that the actor's own students can give."""
    main = (
        Choice("section_ids", "Class", class_options.of(actor, period_id=asked.period_id, asked=asked.section_ids)),
        Choice("grades", "Grade", cells.as_they_are(class_options.grades(actor))),
        Choice("states", "State", cells.STATE_OPTIONS),
    )
    more = (
        Choice("period_id", "Academic year", _later(_periods), kind="one"),
        Choice("in_period", "Period", PER_PERIOD, kind="one"),
        Choice("has_grade", "Has a grade", YES_NO, kind="one"),
        Choice("programmes", "Programme", _later(lambda db: cells.as_they_are(options.programmes(db, actor)))),
        Choice("statuses", "Status", cells.named(words.PERSON_STATUS)),
        Choice("languages", "Language", _later(lambda db: _languages(db, actor))),
        Choice("has_personal_email", "Has personal e-mail", YES_NO, kind="one"),
        Choice("has_contact_email", "Has contact e-mail", YES_NO, kind="one"),
        Choice("has_email", "Has e-mail for invitations", YES_NO, kind="one"),
        Choice("has_mobile", "Has mobile", YES_NO, kind="one"),
        Choice("has_guardian", "Guardian linked", YES_NO, kind="one"),
        Choice("invitable", "Can be invited by e-mail", YES_NO, kind="one"),
        Choice("invitable_by_sms", "Can be invited by SMS", YES_NO, kind="one"),
        Choice("email_refusals", "No e-mail because", cells.REFUSALS),
        Choice("sms_refusals", "No SMS because", cells.REFUSALS),
        *history_filters.QUESTIONS,
    )
    return Questions(main, more)


def _languages(db: Session, actor: Actor) -> dict[str, str]:
    return {code: words.LANGUAGE.get(code, code) for code in options.languages(db, actor)}


def _periods(db: Session) -> dict[int | None, str]:
    return {None: "The current one", **options.periods(db)}


def _later(read: Callable[[Session], Mapping[Any, str]]) -> OnDemand:
    def now() -> Mapping[Any, str]:
        with database.reading() as db:
            return read(db)

    return OnDemand(now)
