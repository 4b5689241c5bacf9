"""The names behind the numbers of the audit: its entries hold ids only, so that people can be erased (R97, R103)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Campaign, Person
from core.rules import words

GONE = "somebody who was erased"
THINGS = {
    "selection": "people chosen in a list",
    "school": "the school",
    "guardianship": "a guardianship",
    "import_run": "an import",
    "folder_import": "a file of the import folder",
    "period": "an academic year",
    "directory_run": "a round in Microsoft 365",
    "report_request": "a long report or export",
    "audit": "the audit",
    "wording": "a wording",
    "saved_view": "a view of a list",
    "outbox": "a message",
}


@dataclass(frozen=True)
class Names:
    """Of persons by their id, of persons by the id of their account, of campaigns."""

    people: dict[int, str]
    owners: dict[int, str]
    campaigns: dict[int, str]

    def actor(self, called: str, account_id: int | None) -> str:
        """Who did it: a name where there was an account, else what the entry calls them."""
        return self.owners.get(account_id, GONE) if account_id is not None else called

    def thing(self, kind: str, object_id: int | None) -> str:
        """What it was done to."""
        if object_id is None:
            return THINGS.get(kind, "")
        known = {"person": self.people, "account": self.owners, "campaign": self.campaigns}.get(kind)
        return known.get(object_id, GONE) if known is not None else THINGS.get(kind, kind)


def of(db: Session, entries: Sequence[Any]) -> Names:
    """The names that these entries need."""
    accounts = {row.account_id for row in entries} | _ids(entries, "account")
    campaigns = sorted(_ids(entries, "campaign"))
    kinds = sa.select(col(Campaign.id), col(Campaign.kind)).where(col(Campaign.id).in_(campaigns))
    return Names(
        people(db, _ids(entries, "person")),
        owners(db, {account_id for account_id in accounts if account_id is not None}),
        {row.id: f"{words.CAMPAIGN_KIND.get(row.kind, row.kind)} {row.id}" for row in db.execute(kinds)},
    )


def people(db: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of persons, by id."""
    query = sa.select(col(Person.id), col(Person.last_name), col(Person.first_name))
    found: dict[int, str] = {}
    for part in database.slices(sorted(ids)):
        rows = db.execute(query.where(col(Person.id).in_(part)))
        found |= {row.id: f"{row.last_name} {row.first_name}" for row in rows}
    return found


def owners(db: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of those who own accounts, by the account's id."""
    query = sa.select(col(Account.id), col(Person.last_name), col(Person.first_name))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    found: dict[int, str] = {}
    for part in database.slices(sorted(ids)):
        rows = db.execute(query.where(col(Account.id).in_(part)))
        found |= {row.id: f"{row.last_name} {row.first_name}" for row in rows}
    return found


def _ids(entries: Sequence[Any], kind: str) -> set[int]:
    return {row.object_id for row in entries if row.object_kind == kind and row.object_id is not None}
