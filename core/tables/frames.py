"""From SQL to plain columns and DataFrames: masks, rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session

from core.models.columns import UtcDateTime
from core.permissions import Actor, Permission
from core.tables import at_once

if TYPE_CHECKING:
    import pandas as pd

NOW = sa.bindparam("now", type_=UtcDateTime())
Columns = dict[str, Sequence[Any]]
_IDS_OF_ROWS = ("id", "person_id")


def table(rows: Iterable[Sequence[Any]] | Columns, names: Iterable[str] | None = None) -> pd.DataFrame:
    """Rows, or whole columns, as a DataFrame of what the database said."""
    import pandas as pd  # loaded where a table is shown: commands and the makers of files start 0.4 s sooner without

    return pd.DataFrame(rows, columns=None if names is None else list(names), dtype=object)


def columns(
    db: Session, rows: sa.Select[Any], ids: Sequence[int], *, now: datetime, names: Collection[str] | None = None
) -> Columns:
    """The rows of AmongIds at NOW as plain columns, in the order of `ids`; with `names` only these and the ids."""
    if names is not None:
        rows = _only(rows, frozenset(names))
    shown: list[sa.ColumnElement[Any]] = list(rows.selected_columns)
    found = {row[0]: row for row in at_once.read_again(db, rows, ids=list(ids), now=now)}
    ordered = [found[row_id] for row_id in ids if row_id in found]
    listed = zip(*ordered, strict=True) if ordered else ((),) * len(shown)
    return {str(one.key): _as_python(db, one, said) for one, said in zip(shown, listed, strict=True)}


@lru_cache(maxsize=64)
def _only(rows: sa.Select[Any], names: frozenset[str]) -> sa.Select[Any]:
    """Kept for the pages of a list, which all ask for the same: to write it anew takes longer than its answer."""
    return rows.with_only_columns(*(one for one in rows.selected_columns if one.key in {*names, *_IDS_OF_ROWS}))


def _as_python(db: Session, column: sa.ColumnElement[Any], said: Sequence[Any]) -> Sequence[Any]:
    """What the driver says, as its type has it; most types have nothing to change."""
    dialect = db.get_bind().dialect
    convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return said if convert is None else [convert(one) for one in said]


def mask_contacts(found: pd.DataFrame, actor: Actor, columns: Sequence[str]) -> pd.DataFrame:
    """Without the permission, only enough of an address to recognise it (R61)."""
    if actor.may(Permission.SEE_CONTACTS):
        return found
    return found.assign(**{name: found[name].map(masked) for name in columns})


def mask_columns(found: Columns, actor: Actor, names: Sequence[str]) -> Columns:
    """The same for plain columns."""
    if actor.may(Permission.SEE_CONTACTS):
        return found
    return {name: list(map(masked, cells)) if name in names else cells for name, cells in found.items()}


def masked(address: str | None) -> str:
    """m…@school.example, +30…78."""
    if not address:
        return ""
    if "@" in address:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}"
    return f"{address[:3]}…{address[-2:]}"
