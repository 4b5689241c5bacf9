"""Many small numbers of many rows in one go: the database packs them, numpy takes them apart.

100,000 rows of a dozen columns cost a second as Python values, and some 20 ms as one text of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core.tables.search import is_sqlite

Numbers = np.ndarray[Any, np.dtype[np.int64]]
ROOM = 62  # bits of a whole number that both databases and numpy keep as it is


def number_of(value: Any, known: Iterable[str]) -> sa.ColumnElement[Any]:
    """The place of a text among the known ones, from 1; 0 for any other and for NULL."""
    places = {text: place for place, text in enumerate(known, 1)}
    return sa.case(places, value=value, else_=0) if places else sa.literal(0)


def read(db: Session, rows: sa.Select[Any] | sa.CompoundSelect[Any], **bits: int) -> dict[str, Numbers]:
    """The columns of `rows`, all of them whole numbers from 0 that fit into so many bits."""
    inner = rows.subquery()
    groups = _groups(bits)
    together = sa.func.json_group_array if is_sqlite(db) else sa.func.array_agg
    packed = (together(_packed(inner, group)) for group in groups)
    found = db.connection().execute(sa.select(*packed)).one()
    columns: dict[str, Numbers] = {}
    for group, numbers in zip(groups, found, strict=True):
        columns |= _unpacked(_numbers(numbers), group)
    return columns


def _groups(bits: Mapping[str, int]) -> list[dict[str, int]]:
    """The columns, as many together as one number has room for."""
    groups: list[dict[str, int]] = [{}]
    for name, width in bits.items():
        if sum(groups[-1].values()) + width > ROOM:
            groups.append({})
        groups[-1][name] = width
    return groups


def _packed(rows: sa.Subquery, group: Mapping[str, int]) -> sa.ColumnElement[Any]:
    total: sa.ColumnElement[Any] = sa.literal_column("0", sa.BigInteger)
    for name, width in group.items():
        total = total * (1 << width) + sa.cast(rows.c[name], sa.BigInteger)
    return total


def _numbers(found: str | list[int] | None) -> Numbers:
    if isinstance(found, str):
        return np.fromstring(found[1:-1], np.int64, sep=",") if len(found) > 2 else np.array((), np.int64)
    return np.array(found or (), np.int64)


def _unpacked(numbers: Numbers, group: Mapping[str, int]) -> dict[str, Numbers]:
    columns: dict[str, Numbers] = {}
    for name, width in reversed(list(group.items())):
        columns[name] = numbers & ((1 << width) - 1)
        numbers = numbers >> width
    return columns
