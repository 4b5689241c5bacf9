"""Many small numbers of many rows in one go: the database packs them, numpy takes them apart.

100,000 rows of a dozen columns cost a second as Python values, and some 20 ms as one text of whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core.tables.search import is_sqlite

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Rows = dict[str, Numbers]
T = TypeVar("T")
Read = Callable[[Session], T]
# Many who hold a connection and wait for a second one would wait for each other; and beside one there is no core left.
_SECOND = Semaphore(1)
ROOM = 62  # bits of a whole number that both databases and numpy keep as it is


def number_of(value: Any, known: Iterable[str]) -> sa.ColumnElement[Any]:
    """The place of a text among the known ones, from 1; 0 for any other and for NULL.

    A CASE of words becomes one of places: to compare its words again takes longer than to find them.
    """
    places = {text: place for place, text in enumerate(known, 1)}
    if isinstance(value, sa.Case):
        whens = [(asked, number_of(said, places)) for asked, said in value.whens]
        return sa.case(*whens, value=value.value, else_=number_of(value.else_, places))
    word = _word(value)
    if word is not None:
        return sa.literal_column(str(places.get(word, 0)))
    return sa.case(places, value=value, else_=0) if places else sa.literal(0)


def read(db: Session, rows: sa.Select[Any] | sa.CompoundSelect[Any], **bits: int) -> Rows:
    """The columns of `rows`, all of them whole numbers from 0 that fit into so many bits."""
    inner = rows.subquery()
    groups = _groups(bits)
    together = sa.func.json_group_array if is_sqlite(db) else sa.func.array_agg
    packed = (together(_packed(inner, group)) for group in groups)
    found = db.connection().execute(sa.select(*packed)).one()
    columns: Rows = {}
    for group, numbers in zip(groups, found, strict=True):
        columns |= _unpacked(_numbers(numbers), group)
    return columns


def beside(db: Session, *reads: Read[T]) -> list[T]:
    """What all of them read, on two connections as soon as one is free: SQLite asks with one core at a time.

    The longest come first. Where somebody writes in between, some have seen it and others have not.
    """
    bind = db.get_bind()
    if not is_sqlite(db) or not bind.get_execution_options().get("reading") or not _SECOND.acquire(blocking=False):
        return [read(db) for read in reads]
    try:
        left = iter(tuple(enumerate(reads)))  # which gives each of them to one of both
        with Session(bind, autoflush=False) as second, ThreadPoolExecutor(1) as thread:
            reading = thread.submit(_some, second, left)
            found = dict(_some(db, left)) | dict(reading.result())
        return [found[place] for place in range(len(reads))]
    finally:
        _SECOND.release()


def _some(db: Session, left: Iterator[tuple[int, Read[T]]]) -> list[tuple[int, T]]:
    return [(place, read(db)) for place, read in left]


def _word(value: Any) -> str | None:
    """The text that stands in a statement as it is, "" for NULL; None for what the database has to look up."""
    if isinstance(value, sa.BindParameter):
        return str(value.value)
    if isinstance(value, sa.ColumnClause) and value.is_literal:
        return value.name.strip("'")
    return "" if value is None or isinstance(value, sa.Null) else None


def _groups(bits: Mapping[str, int]) -> list[dict[str, int]]:
    """The columns, as many together as one number has room for."""
    groups = list[dict[str, int]]()
    for name, width in sorted(bits.items(), key=lambda one: -one[1]):
        group = next((group for group in groups if sum(group.values()) + width <= ROOM), None)
        if group is None:
            groups.append(group := {})
        group[name] = width
    return groups


def _packed(rows: sa.Subquery, group: Mapping[str, int]) -> sa.ColumnElement[Any]:
    total: sa.ColumnElement[Any] = sa.cast(0, sa.BigInteger)
    for name, width in group.items():
        total = total * sa.literal_column(str(1 << width)) + rows.c[name]
    return total


def _numbers(found: str | list[int] | None) -> Numbers:
    if isinstance(found, str):
        return np.fromstring(found[1:-1], np.int64, sep=",") if len(found) > 2 else np.array((), np.int64)
    return np.array(found or (), np.int64)


def _unpacked(numbers: Numbers, group: Mapping[str, int]) -> Rows:
    columns: Rows = {}
    for name, width in reversed(list(group.items())):
        columns[name] = numbers & ((1 << width) - 1)
        numbers = numbers >> width
    return columns
