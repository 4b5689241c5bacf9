"""What User Accounts can be asked: the questions of Classter by their exact names, and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.rules import words
from core.rules.account_state import AccountState
from core.tables import options
from core.tables.filters import AccountFilter
from pages.shared import cells, class_options, history_filters
from pages.shared.questions import YES_NO, Choice, OnDemand, Questions

LOGIN = {"": "All", "has": "Has Logged On", "never": "Never Logged On"}
PER_PERIOD = {None: "All", True: "In the period", False: "Without period"}
DELIVERIES = {"none": "Never written to", **cells.named(words.MESSAGE_STATUS)}
GUARDIANS = {None: "All", True: "Of the selected students"}


def questions(actor: Actor, asked: AccountFilter) -> Questions:
    """The questions with the answers that the people whom the actor sees can give."""
    states = {state: word for state, word in cells.STATE_OPTIONS.items() if state != AccountState.NO_ACCOUNT}
    main = (
        Choice("user_types", "User Types", cells.named(words.USER_TYPES)),
        Choice("section_ids", "Class", class_options.of(actor, period_id=asked.period_id, asked=asked.section_ids)),
        Choice("states", "State", states),
    )
    more = (
        Choice("roles", "Roles", {"none": "None", **cells.named(words.ROLE)}),
        Choice("active", "Active User Account", YES_NO, kind="one"),
        Choice("verified", "Verified Email", YES_NO, kind="one"),
        Choice("login", "Login Status", LOGIN, kind="one"),
        Choice("pending", "Pending Changes", YES_NO, kind="one"),
        Choice("locked", "Locked", YES_NO, kind="one"),
        Choice("must_change_password", "Must change password", YES_NO, kind="one"),
        Choice("deliveries", "Delivery", DELIVERIES),
        Choice("sign_in_methods", "Sign-in method", cells.named(words.SIGN_IN_METHOD)),
        *history_filters.QUESTIONS,
        Choice("has_email", "Has e-mail for invitations", YES_NO, kind="one"),
        Choice("has_mobile", "Has mobile", YES_NO, kind="one"),
        Choice("email_refusals", "No e-mail because", cells.REFUSALS),
        Choice("sms_refusals", "No SMS because", cells.REFUSALS),
        Choice("grades", "Grade", _later(lambda db: cells.as_they_are(options.grades(db, actor)))),
        Choice("has_grade", "Has a grade", YES_NO, kind="one"),
        Choice("period_id", "Academic year", _later(_periods), kind="one"),
        Choice("in_period", "Period", PER_PERIOD, kind="one"),
        Choice("guardians_of_selected", "Guardians", GUARDIANS, kind="one"),
    )
    return Questions(main, more)


def _periods(db: Session) -> dict[int | None, str]:
    return {None: "The current one", **options.periods(db)}


def _later(read: Callable[[Session], Mapping[Any, str]]) -> OnDemand:
    def now() -> Mapping[Any, str]:
        with database.reading() as db:
            return read(db)

    return OnDemand(now)
