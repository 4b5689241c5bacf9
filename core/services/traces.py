"""Removes what is held about people, wherever it stands; the audit keeps ids only, and stays whole (R103).

Rows that point at a person or an account go with them, or point at nobody where they may. That is read from the tables
themselves: a table that is added later is not forgotten. Messages stay, without address and person, so that the
numbers of a campaign remain true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import clock
from core.models import (
    Account,
    Campaign,
    Decision,
    DirectoryMatch,
    DirectoryUser,
    ImportRun,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    OptOut,
    Person,
    SavedView,
    Selection,
    SelectionItem,
    Superseded,
    metadata,
)
from core.rules.search_text import fold_name
from core.tables import chosen

AT_ONCE = 200  # people
_QUIET = {"synchronize_session": False}
_ADDRESSES = ("personal_email", "contact_email", "external_email", "mobile", "phone")
_OF_PEOPLE = ("students", "people")  # lists whose rows are people; those of all others are accounts


@dataclass(frozen=True)
class Removed:
    """How many people and accounts are gone; `references` name the messages whose files in the outbox go too."""

    people: int
    accounts: int
    references: tuple[str, ...]


@dataclass(frozen=True)
class _Gone:
    """Who goes. `addresses` are those that nobody else has."""

    people: list[int]
    accounts: list[int]
    usernames: dict[int, str]
    addresses: list[str]
    names: frozenset[str]


def remove(db: Session, *, person_ids: Sequence[int]) -> Removed:
    """Remove these people, at most AT_ONCE, and everything that tells of them but the audit."""
    db.flush()
    gone = _read(db, person_ids[:AT_ONCE])
    references = _messages(db, gone)
    _scrub_addresses(db, gone)
    _scrub_names(db, gone)
    _selections(db, gone)
    _directory(db, gone)
    for model, ids in ((Account, gone.accounts), (Person, gone.people)):
        _delete(db, metadata.tables[str(model.__tablename__)], ids)
    db.expire_all()
    return Removed(len(gone.people), len(gone.accounts), references)


def _read(db: Session, person_ids: Sequence[int]) -> _Gone:
    people = db.execute(sa.select(Person).where(col(Person.id).in_(person_ids))).scalars().all()
    mine = sa.select(col(Account.id), col(Account.username)).where(col(Account.person_id).in_(person_ids))
    usernames = {int(account_id): name for account_id, name in db.execute(mine)}
    addresses = {getattr(person, name) for person in people for name in _ADDRESSES} - {""}
    names = {person.last_name for person in people} | {person.source_id for person in people} | addresses
    return _Gone(
        [person.id or 0 for person in people],
        sorted(usernames),
        usernames,
        sorted(addresses - _held_by_others(db, addresses, person_ids)),
        frozenset(map(fold_name, names | set(usernames.values()))) - {""},
    )


def _held_by_others(db: Session, addresses: set[str], person_ids: Sequence[int]) -> set[str]:
    """An address of a family is still somebody's."""
    held: set[str] = set()
    for name in _ADDRESSES:
        column = col(getattr(Person, name))
        held |= set(db.scalars(sa.select(column).where(column.in_(addresses), col(Person.id).not_in(person_ids))))
    return held


def _messages(db: Session, gone: _Gone) -> tuple[str, ...]:
    """Messages to them alone, or to an address that was theirs alone, lose it; what waits is cancelled.

    A message of a family goes on to the others.
    """
    tie, other = aliased(MessageAccount), aliased(MessageAccount)
    mine = sa.select(col(tie.message_id)).where(col(tie.account_id).in_(gone.accounts))
    of_others = sa.select(col(other.message_id)).where(
        col(other.message_id) == col(Message.id), col(other.account_id).not_in(gone.accounts)
    )
    alone = sa.and_(col(Message.id).in_(mine), ~of_others.exists())
    theirs = sa.or_(alone, col(Message.address).in_(gone.addresses))
    waits = sa.and_(theirs, col(Message.status) == MessageStatus.QUEUED)
    cancelled = {"status": MessageStatus.CANCELLED.value, "finished_at": clock.now()}
    db.execute(sa.update(Message).where(waits).values(**cancelled).execution_options(**_QUIET))
    empty = {"address": "", "detail": None, "provider_id": None}
    emptied = sa.update(Message).where(theirs).values(**empty).returning(col(Message.reference))
    return tuple(db.scalars(emptied.execution_options(**_QUIET)))


def _scrub_addresses(db: Session, gone: _Gone) -> None:
    """Where something about somebody else went to their address: a guardian's number, for instance."""
    if not gone.addresses:
        return
    now, theirs = clock.now(), col(Invitation.address).in_(gone.addresses)
    still_open = sa.and_(theirs, col(Invitation.used_at).is_(None), col(Invitation.superseded_at).is_(None))
    ended = {"superseded_at": now, "superseded_because": Superseded.ADDRESS_CHANGED.value}
    for statement in (
        sa.update(Invitation).where(still_open).values(**ended),
        sa.update(Invitation).where(theirs).values(address=""),
        sa.update(Account).where(col(Account.delivery_address).in_(gone.addresses)).values(delivery_address=None),
        sa.update(Account).where(col(Account.verified_address).in_(gone.addresses)).values(verified_address=""),
        sa.delete(OptOut).where(col(OptOut.address).in_(gone.addresses)),
    ):
        db.execute(statement.execution_options(**_QUIET))


def _scrub_names(db: Session, gone: _Gone) -> None:
    """Who launched or imported is told by the number of the account, as in the audit."""
    for account_id, username in gone.usernames.items():
        told = f"account {account_id}"
        launched = sa.update(Campaign).where(col(Campaign.launched_by) == account_id)
        db.execute(launched.values(launched_by_label=told).execution_options(**_QUIET))
        imported = sa.update(ImportRun).where(col(ImportRun.applied_by) == username)
        db.execute(imported.values(applied_by=told).execution_options(**_QUIET))
    issued = sa.update(Invitation).where(col(Invitation.issued_by).in_(gone.accounts))
    db.execute(issued.values(issued_by=None).execution_options(**_QUIET))


def _selections(db: Session, gone: _Gone) -> None:
    """Ticks on their rows: a number that is given anew must not be ticked. And searches for their name."""
    name = col(Selection.list_name)  # a copy is called after its list: "students for …"
    copies = (name.startswith(f"{of_people}{chosen.FOR}", autoescape=True) for of_people in _OF_PEOPLE)
    lists = sa.select(col(Selection.id)).where(sa.or_(name.in_(_OF_PEOPLE), *copies))
    item, of_people = col(SelectionItem.row_id), col(SelectionItem.selection_id).in_(lists)
    db.execute(sa.delete(SelectionItem).where(of_people, item.in_(gone.people)))
    db.execute(sa.delete(SelectionItem).where(sa.not_(of_people), item.in_(gone.accounts)))
    for selection in db.execute(sa.select(Selection)).scalars():
        if any(_tells_of(gone, asked.get("text")) for asked in (selection.filter, selection.shown_filter)):
            # All that matches a filter must not become more people than were meant: then nobody is chosen.
            db.execute(sa.delete(SelectionItem).where(col(SelectionItem.selection_id) == selection.id))
            selection.everything, selection.filter, selection.shown_filter = False, {}, {}
    for view in db.execute(sa.select(SavedView)).scalars():
        if _tells_of(gone, view.filter.get("text")) or _tells_of(gone, view.name):
            db.delete(view)
    db.flush()


def _directory(db: Session, gone: _Gone) -> None:
    """What was looked up of whoever they may be at Microsoft; the school's directory there is its own affair."""
    proposed = sa.select(col(DirectoryMatch.object_id)).where(
        col(DirectoryMatch.person_id).in_(gone.people), col(DirectoryMatch.decision) != Decision.REJECTED
    )
    tied = sa.select(col(Account.object_id)).where(col(Account.id).in_(gone.accounts), col(Account.object_id) != "")
    users = col(DirectoryUser.object_id)
    db.execute(sa.delete(DirectoryUser).where(sa.or_(users.in_(proposed), users.in_(tied))).execution_options(**_QUIET))


def _tells_of(gone: _Gone, written: object) -> bool:
    text = fold_name(str(written or ""))
    return text in gone.names or not gone.names.isdisjoint(text.split())


def _delete(db: Session, table: sa.Table, ids: Sequence[int]) -> None:
    """Delete rows of a table by their ids, and before them whatever points at them and cannot point at nobody."""
    key = next(iter(table.primary_key))
    chosen = sa.select(key).where(key.in_(ids))
    _delete_chosen(db, table, chosen, key.in_(ids))


def _delete_chosen(db: Session, table: sa.Table, chosen: sa.Select[Any], which: sa.ColumnElement[bool]) -> None:
    for other in metadata.sorted_tables:
        for column in other.columns:
            if not any(key.column.table is table for key in column.foreign_keys) or other is table:
                continue
            points = column.in_(chosen)
            if column.nullable:
                db.execute(sa.update(other).where(points).values({column: None}))
            elif len(other.primary_key) == 1:
                own = next(iter(other.primary_key))
                _delete_chosen(db, other, sa.select(own).where(points), points)
            else:
                db.execute(sa.delete(other).where(points))
    db.execute(sa.delete(table).where(which))
