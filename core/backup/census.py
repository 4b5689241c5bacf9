"""How many rows of everything there are: what went into a backup must come out of it, each message exactly once."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.models import Message, MessageStatus, PersonChange, metadata

# Notes of one database for itself, which tell of its own transactions: no other one can use them.
OWN_NOTES = str(PersonChange.__tablename__)


@dataclass(frozen=True)
class Census:
    """Rows by table, and messages by what became of them."""

    rows: dict[str, int]
    messages: dict[str, int]


def take(connection: sa.Connection) -> Census:
    """Count within one transaction; tables that this database does not have yet are left out."""
    there = set(sa.inspect(connection).get_table_names())
    rows = {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in metadata.sorted_tables
        if table.name in there and table.name != OWN_NOTES
    }
    by_status = sa.select(Message.status, sa.func.count()).group_by(Message.status)  # type: ignore[call-overload]
    found = connection.execute(by_status) if "message" in there else ()
    messages = {str(row[0]): int(row[1]) for row in found}
    return Census(rows, messages)


def difference(before: Census, after: Census) -> str:
    """The first thing that is not as it was, in words; empty when the law of conservation holds."""
    for name, number in before.rows.items():
        if after.rows.get(name) != number:
            return f"{after.rows.get(name, 0):,} rows of {name} instead of {number:,}"
    for status in {*before.messages, *after.messages}:
        if before.messages.get(status) != after.messages.get(status):
            return (
                f"{after.messages.get(status, 0):,} messages are {status} instead of {before.messages.get(status, 0):,}"
            )
    strange = set(after.messages) - {status.value for status in MessageStatus}
    lost = after.rows.get("message", 0) - sum(after.messages.values())
    return f"messages in a state that does not exist: {', '.join(sorted(strange))}" if strange or lost else ""
