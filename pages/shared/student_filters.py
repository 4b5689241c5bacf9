"""What the Students List can be asked."""

from __future__ import annotations

from core import database
from core.permissions import Actor
from core.rules import words
from core.tables import options
from pages.shared import cells
from pages.shared.filters import YES_NO, Choice, Questions

PER_PERIOD = {None: "All", True: "Students Per Period", False: "Students Without Period"}


def questions(actor: Actor) -> Questions:
    """The questions with the answers that the actor's own students can give."""
    with database.reading() as db:
        sections, grades, periods = options.sections(db, actor), options.grades(db, actor), options.periods(db)
        programmes, languages = options.programmes(db, actor), options.languages(db, actor)
    main = (
        Choice("section_ids", "Class", sections),
        Choice("grades", "Grade", cells.as_they_are(grades)),
        Choice("states", "State", cells.STATE_OPTIONS),
    )
    more = (
        Choice("period_id", "Academic year", {None: "The current one", **periods}, kind="one"),
        Choice("in_period", "Period", PER_PERIOD, kind="one"),
        Choice("programmes", "Programme", cells.as_they_are(programmes)),
        Choice("statuses", "Status", cells.named(words.PERSON_STATUS)),
        Choice("languages", "Language", {code: words.LANGUAGE.get(code, code) for code in languages}),
        Choice("has_personal_email", "Has personal e-mail", YES_NO, kind="one"),
        Choice("has_contact_email", "Has contact e-mail", YES_NO, kind="one"),
        Choice("has_mobile", "Has mobile", YES_NO, kind="one"),
        Choice("has_guardian", "Guardian linked", YES_NO, kind="one"),
        Choice("invitable", "Can be invited by e-mail", YES_NO, kind="one"),
        Choice("invitable_by_sms", "Can be invited by SMS", YES_NO, kind="one"),
    )
    return Questions(main, more)
