"""Who may be who in Microsoft's directory, as a person reviews it: counts, and pages of the proposals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Decision, DirectoryMatch, DirectoryUser, Person, Section
from core.permissions import Actor, Permission
from core.rules.directory_match import Certainty
from core.tables import directory_people, frames, school
from core.tables.filters import Page

if TYPE_CHECKING:
    import pandas as pd


class Part(StrEnum):
    """The parts of the review."""

    CERTAIN = "certain"
    LIKELY = "likely"
    NONE = "none"
    LINKED = "linked"


@dataclass(frozen=True)
class Counts:
    """How many people are in each part; `proposals` are the likely ones, of which a person may have several."""

    certain: int
    likely: int
    none: int
    linked: int
    proposals: int
    users: int

    def of(self, part: Part) -> int:
        return int(getattr(self, part.value))


_PERSON = (
    *(col(getattr(Person, name)) for name in ("first_name", "last_name", "source_id", "kind")),
    col(Section.title).label("section"),
    col(Account.username),
    col(Account.sign_in_method),
)
_USER = tuple(col(getattr(DirectoryUser, name)) for name in ("address", "display_name", "employee_id", "is_enabled"))


def counts(db: Session, actor: Actor) -> Counts:
    """The numbers of the review as it stands."""
    actor.require(Permission.MANAGE_DIRECTORY)
    of_people: Any = (sa.func.count(sa.distinct(col(DirectoryMatch.person_id))), sa.func.count())
    by_part = {}
    for part in (Part.CERTAIN, Part.LIKELY, Part.LINKED):
        query = _seen(sa.select(*of_people).select_from(DirectoryMatch), or_gone=part is Part.LINKED)
        by_part[part] = db.execute(query.where(_holds(part))).one()
    policy = school.policy(school.settings(db))
    none = directory_people.everybody().with_only_columns(sa.func.count(), maintain_column_froms=True)
    users = db.scalar(sa.select(sa.func.count()).select_from(DirectoryUser)) or 0
    without = db.scalar(none.where(directory_people.without_match(policy))) or 0
    numbers = {part: int(row[0]) for part, row in by_part.items()}
    proposals = int(by_part[Part.LIKELY][1])
    return Counts(numbers[Part.CERTAIN], numbers[Part.LIKELY], without, numbers[Part.LINKED], proposals, users)


def page(db: Session, actor: Actor, *, part: Part, page: Page) -> pd.DataFrame:
    """One page of a part, by name; the first column is the id of the proposal, or of the person who has none."""
    actor.require(Permission.MANAGE_DIRECTORY)
    query = _without_match(db) if part is Part.NONE else _proposals(part)
    rows = db.execute(query.limit(page.size).offset(page.offset))
    return frames.table(rows.all(), rows.keys())


def _proposals(part: Part) -> sa.Select[Any]:
    match = (col(DirectoryMatch.id), col(DirectoryMatch.person_id), col(DirectoryMatch.reason))
    query = sa.select(*match, *_PERSON, *_USER).join(Person, col(Person.id) == col(DirectoryMatch.person_id))
    query = _with_place(_seen(query, or_gone=part is Part.LINKED)).where(_holds(part))
    return query.order_by(col(Person.sort_name), col(Person.id), col(DirectoryMatch.id))


def _without_match(db: Session) -> sa.Select[Any]:
    policy = school.policy(school.settings(db))
    query = sa.select(col(Person.id), *_PERSON, col(Person.external_email).label("address"))
    query = _with_place(query.select_from(Person)).where(directory_people.without_match(policy))
    return query.order_by(col(Person.sort_name), col(Person.id))


def _with_place(query: sa.Select[Any]) -> sa.Select[Any]:
    with_account = query.outerjoin(Account, col(Account.person_id) == col(Person.id))
    return with_account.outerjoin(Section, col(Section.id) == col(Person.section_id))


def _seen(query: sa.Select[Any], *, or_gone: bool = False) -> sa.Select[Any]:
    """With the user as the latest look-up saw them; a proposal of one who is gone from the directory is none."""
    same = col(DirectoryUser.object_id) == col(DirectoryMatch.object_id)
    return query.join(DirectoryUser, same, isouter=or_gone)


def _holds(part: Part) -> sa.ColumnElement[bool]:
    if part is Part.LINKED:
        return col(DirectoryMatch.decision) == Decision.ACCEPTED
    certainty = Certainty.CERTAIN if part is Part.CERTAIN else Certainty.LIKELY
    return sa.and_(col(DirectoryMatch.decision) == Decision.OPEN, col(DirectoryMatch.certainty) == certainty)
