"""Everything held about one person, and who looked at it or changed it, as plain values (R103, R104).

Which rows those are is read from the tables themselves: whatever points at the person or the account. What opens
something, and what only machines read, is left out.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, AuditEntry, Message, MessageAccount, Person, Section, metadata
from core.rules import audit_words, words
from core.tables import audit_about
from core.tables.timeline import name_of

# Secrets, their hashes, and columns that say the same as others for the sake of searching and sorting.
HIDDEN = frozenset(
    {
        *("password_hash", "token_hash", "uid", "kid", "sealed", "seal", "previous_seal", "reference", "secret"),
        *(
            "search_text",
            "sort_name",
            "sort_first_name",
            "sort_grade",
            "sort_title",
            "username_key",
            "standing",
            "has_password",
            "has_account",
        ),
        *("session_id", "preview", "code_hash", "hint", "token", "asked", "idempotency_key"),
    }
)
LEFT_OUT = frozenset({"audit_entry", "message_account"})  # told in sections of their own
NOTHING = frozenset({"person", "account"})
Row = dict[str, Any]
Held = dict[str, list[Row]]


def held(db: Session, *, person_id: int) -> Held:
    """By the name of the table, the rows about this person. Values are texts, numbers, yes or no, or lists of them."""
    account_id = db.scalar(sa.select(col(Account.id)).where(col(Account.person_id) == person_id)) or 0
    own = {"person": person_id, "account": account_id}
    found: Held = {name: _rows(db, metadata.tables[name], "id", key) for name, key in own.items()}
    for table in metadata.sorted_tables:
        if table.name in LEFT_OUT | NOTHING:
            continue
        for column in table.columns:
            target = next((key.column.table.name for key in column.foreign_keys), "")
            if own.get(target):
                found.setdefault(table.name, []).extend(_rows(db, table, column.name, own[target]))
    _name(db, found)
    found["message"] = [_plain(row) for row in _messages(db, account_id)]
    found["seen_and_changed_by"] = seen_by(db, person_id=person_id)
    found["done_by_this_person"] = _acts(db, account_id)
    return {name: rows for name, rows in found.items() if rows}


def seen_by(db: Session, *, person_id: int) -> list[Row]:
    """Who saw, changed, printed or sent what about this person, alone or among others, since they are on record.

    Numbers are given anew after a row is deleted, so what is older tells of somebody else.
    """
    since = db.scalar(sa.select(col(Person.created_at)).where(col(Person.id) == person_id))
    when = [col(AuditEntry.at) >= since]
    about = audit_about.done_to(db, person_id, when=when).holds
    query = sa.select(AuditEntry, *name_of(col(AuditEntry.account_id))).where(about, *when)
    return [
        {
            "at": _value(entry.at),
            "by": f"{first} {last}" if first else entry.actor,
            "role": entry.role,
            "what": _what(entry.action),
            "result": entry.result,
            "fields": _value(entry.details.get("fields", [])),
        }
        for entry, first, last in db.execute(query.order_by(col(AuditEntry.seq)))
    ]


def _acts(db: Session, account_id: int) -> list[Row]:
    query = sa.select(AuditEntry).where(col(AuditEntry.account_id) == account_id).order_by(col(AuditEntry.seq))
    return [
        {"at": _value(entry.at), "what": audit_words.said(entry.action), "from": entry.ip}
        for entry in db.scalars(query if account_id else query.where(sa.false()))
    ]


def _messages(db: Session, account_id: int) -> list[Row]:
    tie = sa.select(col(MessageAccount.message_id)).where(col(MessageAccount.account_id) == account_id)
    return _shown(db, metadata.tables["message"], col(Message.id).in_(tie))


def _rows(db: Session, table: sa.Table, column: str, key: int) -> list[Row]:
    return _shown(db, table, table.c[column] == key)


def _shown(db: Session, table: sa.Table, which: sa.ColumnElement[bool]) -> list[Row]:
    columns = [column for column in table.columns if column.name not in HIDDEN]
    query = sa.select(*columns).where(which).order_by(*table.primary_key.columns)
    return [_plain(dict(row)) for row in db.execute(query).mappings()]


def _name(db: Session, found: Held) -> None:
    """Classes and relatives by name beside their numbers: nobody knows anybody by a number."""
    for rows in found.values():
        for row in rows:
            if row.get("section_id"):
                row["section"] = db.scalar(sa.select(col(Section.title)).where(col(Section.id) == row["section_id"]))
    for row in found.get("guardianship", []):
        for who in ("student", "guardian"):
            person = db.get(Person, row[f"{who}_id"])
            row[who] = f"{person.first_name} {person.last_name}" if person else ""


def _what(action: str) -> str:
    """What was done to the person, in words."""
    return words.AUDITED.get(action) or audit_words.said(action)


def _plain(row: Row) -> Row:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value
