"""The names behind the numbers of the audit: its entries hold ids only, so that people can be erased (R97, R103)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import AcademicPeriod, Account, AuditPeople, Campaign, Person, Section
from core.rules import people_sets, words

GONE = "somebody who was erased"
NO_MORE = "one that is gone"
NAMED = 3  # of several people, in one line
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
    """Of persons by their id, of persons by the id of their account, of campaigns, of years and of classes.

    `sets`: those whom an act on several people was done to, in words, by the digest.
    """

    people: dict[int, str]
    owners: dict[int, str]
    campaigns: dict[int, str]
    periods: dict[int, str]
    classes: dict[int, str]
    sets: dict[str, str]

    def actor(self, called: str, account_id: int | None) -> str:
        """Who did it: a name where there was an account, else what the entry calls them."""
        return self.owners.get(account_id, GONE) if account_id is not None else called

    def thing(self, entry: Any) -> str:
        """What it was done to."""
        kind, object_id = entry.object_kind, entry.object_id
        known = {"person": self.people, "account": self.owners, "campaign": self.campaigns}.get(kind)
        if known is not None and object_id is not None:
            return known.get(object_id, GONE)
        return self.sets.get(str(entry.details.get("people")), "") or THINGS.get(
            kind, "" if object_id is None else kind
        )

    def told(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """What else an entry holds, with names for the numbers of a role: of its year, of its classes."""
        said = dict(details)
        if isinstance(said.get("period"), int):
            said["period"] = self.periods.get(said["period"], NO_MORE)
        if isinstance(said.get("classes"), list):
            said["classes"] = [self.classes.get(section_id, NO_MORE) for section_id in said["classes"]]
        if isinstance(said.get("accounts"), list):  # entries of old name them so; in others it is a number
            said["accounts"] = [self.owners.get(account_id, GONE) for account_id in said["accounts"]]
        if isinstance(said.get("before"), dict):
            said["before"] = self.told(said["before"])
        return said


def of(db: Session, entries: Sequence[Any]) -> Names:
    """The names that these entries need."""
    accounts = {row.account_id for row in entries} | _ids(entries, "account") | _listed(entries, "accounts")
    campaigns = sorted(_ids(entries, "campaign"))
    kinds = sa.select(col(Campaign.id), col(Campaign.kind)).where(col(Campaign.id).in_(campaigns))
    return Names(
        people(db, _ids(entries, "person")),
        owners(db, {account_id for account_id in accounts if account_id is not None}),
        {row.id: f"{words.CAMPAIGN_KIND.get(row.kind, row.kind)} {row.id}" for row in db.execute(kinds)},
        _titles(db, AcademicPeriod, _listed(entries, "period")),
        _titles(db, Section, _listed(entries, "classes")),
        _sets(db, {str(row.details["people"]) for row in entries if "people" in row.details}),
    )


def some(ids: Sequence[int], names: Mapping[int, str], total: int | None = None) -> str:
    """The first of these people by name, and how many more they are."""
    more = (len(ids) if total is None else total) - NAMED
    return ", ".join(names.get(one, GONE) for one in ids[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


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


def _sets(db: Session, digests: set[str]) -> dict[str, str]:
    """The first few of each set by name; a set is read once, however many entries name it."""
    first: dict[str, tuple[list[int], int]] = {}
    for part in database.slices(sorted(digests), 200):
        query = sa.select(col(AuditPeople.digest), col(AuditPeople.people), col(AuditPeople.packed))
        for digest, number, packed in db.execute(query.where(col(AuditPeople.digest).in_(part))):
            first[digest] = people_sets.unpack(packed)[:NAMED].tolist(), number
    names = people(db, {one for ids, _number in first.values() for one in ids})
    return {digest: some(ids, names, number) for digest, (ids, number) in first.items()}


def _titles(db: Session, model: type[AcademicPeriod] | type[Section], ids: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in database.slices(sorted(ids)):
        found |= {
            row.id: row.title
            for row in db.execute(sa.select(col(model.id), col(model.title)).where(col(model.id).in_(part)))
        }
    return found


def _listed(entries: Sequence[Any], name: str) -> set[int]:
    """The numbers that entries hold under a name, now or of before."""
    found: set[int] = set()
    for row in entries:
        for details in (row.details, row.details.get("before")):
            value = details.get(name) if isinstance(details, dict) else None
            found |= {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int)}
    return found


def _ids(entries: Sequence[Any], kind: str) -> set[int]:
    return {row.object_id for row in entries if row.object_kind == kind and row.object_id is not None}
