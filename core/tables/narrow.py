"""The narrow indexes of people and accounts: in place of whole rows, where all that is asked stands in them.

SQLite would take any index of the kind of people and fetch the whole row of each: to count took three times as long.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from core.models import Account, Person, metadata

_TABLES = {name: metadata.tables[name] for name in ("person", "account")}
_KNOWN = next(set(one.columns) for one in _TABLES["person"].indexes if one.name == "person_for_status")
_SELDOM = {_TABLES["person"].columns[name] for name in ("personal_email", "contact_email", "phone")}  # after a failure


def people(query: sa.Select[Any], asked: Collection[sa.ColumnElement[bool]]) -> sa.Select[Any] | None:
    """The rows with their people by the narrow index; None if something else is asked of a person."""
    if not columns(asked, "person") <= _KNOWN | _SELDOM:
        return None
    return query.with_hint(Person, "INDEXED BY person_for_status", "sqlite")


def both(query: sa.Select[Any], asked: Collection[sa.ColumnElement[bool]]) -> sa.Select[Any] | None:
    """The same, with their accounts by the other one."""
    found = people(query, asked)
    return None if found is None else found.with_hint(Account, "INDEXED BY account_for_status", "sqlite")


def columns(asked: Iterable[sa.ColumnElement[bool]], table: str) -> set[Any]:
    """The columns of a table at which conditions look."""
    known = set(_TABLES[table].columns)
    return {element for one in asked for element in visitors.iterate(one) if element in known}
