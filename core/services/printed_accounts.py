"""Whose credentials the report User Account Credentials is about: for counting, for printing, and for issuing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.permissions import Actor
from core.rules.report_parameters import NO_CLASS, CredentialParameters
from core.tables import counting, options, selection_rows, slips
from core.tables.selection_rows import RowScope


@dataclass(frozen=True)
class Printed:
    """The rows chosen, or shown, and what the report is asked."""

    selection_id: int
    scope: RowScope
    parameters: CredentialParameters


def accounts(db: Session, actor: Actor, printed: Printed) -> sa.Select[Any]:
    """The ids of those chosen and, unless only students are asked for, of their parents.

    A selection that stands beside the lists, such as one account, means nobody else. Where classes are named, a parent
    is printed for the students of these.
    """
    chosen = selection_rows.account_ids(db, actor, selection_id=printed.selection_id, scope=printed.scope)
    if printed.parameters.section_ids:
        chosen = slips.of_classes(actor, account_ids=chosen, section_ids=printed.parameters.section_ids)
    from_list = selection_rows.list_of(db, actor, selection_id=printed.selection_id) in ("students", "accounts")
    if printed.parameters.whose != "students" and from_list:
        chosen = slips.with_guardians(actor, account_ids=chosen)
    return slips.wanted(chosen, printed.parameters)


def classes(db: Session, actor: Actor, *, selection_id: int, scope: RowScope) -> dict[int, str]:
    """The classes of those chosen, by id, in the order of their titles; *Without class* is the last."""
    chosen = selection_rows.account_ids(db, actor, selection_id=selection_id, scope=scope)
    found = slips.class_ids(db, actor, account_ids=chosen)
    named = found - {NO_CLASS}
    titles = options.sections(db, actor, named=named) if named else {}
    return titles if found == named else {**titles, NO_CLASS: slips.WITHOUT_CLASS}


def count(db: Session, actor: Actor, printed: Printed) -> int:
    """How many slips will be drawn: of students with their parents more than rows were chosen."""
    return counting.rows(db, accounts(db, actor, printed))
