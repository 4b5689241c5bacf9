"""One page of an order: past how many rows, of which parts, from which end, by an index or in the order of the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import InputProblem
from core.models import Person, Section
from core.tables import at_once, narrowing, one_by_one, ordering, planner, short_walk
from core.tables.conditions import Given
from core.tables.filters import Found, Page
from core.tables.narrowing import Few
from core.tables.ordering import Column, Part, Rows, Sorts

NEAR = 1_000  # rows that are sooner read past than those of a whole part are counted, or sorted
_ALL = 2**31 - 1


class Look(Protocol):
    """The persons among whom all rows are, when an index tells of no more than `cap`."""

    def __call__(self, *, cap: int) -> Few | None: ...


def found(
    db: Session,
    given: Given,
    *,
    sorts: Sorts,
    page: Page,
    rows: Callable[[Few | None], Rows],
    look: Look,
    by_text: bool,
) -> Found:
    """The ids of one page; where all rows are put in order for it, their number as well.

    `rows` makes the query of a part: to walk through in its order (True), or to count. `look`: the persons among whom
    all rows are, when an index tells of so many at most. They are put in order, unless a short walk finds the page
    sooner. `by_text`: those who match bear like names, and nearly every order is by name in the end: they stand
    together, and no short walk is likely to come to them.
    """
    if page.sort not in sorts:
        raise InputProblem("The list cannot be sorted by this column. Choose another one.")
    parts, walk = sorts[page.sort](given), rows(None)
    by_value = parts[0].through == "value"
    for cap in _caps(db, page, is_common=not (by_text or by_value)):
        few = look(cap=cap)
        if _is_past_the_end(page, few):
            return Found(())  # the list has become shorter than this page
        if few is not None:
            return _put_in_order(db, parts, page, rows(few), few)
        if cap == narrowing.SHORT_CAP:
            with suppress(short_walk.TooLong), short_walk.short(db):
                return Found(_walked(db, parts, page, walk, cap))
    return Found(_by_value(db, parts[0], page, walk) if by_value else _walked(db, parts, page, walk, cap))


def in_order(db: Session, parts: Sequence[Part], page: Page, rows: Rows, few: Few | None) -> Sequence[int]:
    """The ids of a page of all rows, or of a few of them, whatever anybody looks for."""
    if few is not None:
        return _put_in_order(db, parts, page, rows, few).ids
    return _by_value(db, parts[0], page, rows) if parts[0].through == "value" else _walked(db, parts, page, rows, 0)


def _caps(db: Session, page: Page, *, is_common: bool) -> list[int]:
    """How many are looked up at most, before a short walk and after it."""
    return [narrowing.SHORT_CAP] * (is_common and page.offset <= NEAR) + [narrowing.cap(db)]


def _walked(db: Session, parts: Sequence[Part], page: Page, rows: Rows, cap: int) -> list[int]:
    way = _way(parts, page)
    found, offset = list[int](), way.offset
    for part in way.parts:
        is_last = part is way.parts[-1]
        far = offset > NEAR and not is_last and part.relative is None
        before = _size(db, rows(part, False), up_to=offset) if far else None
        if before is None or before > offset:
            found += _of_part(db, part, way, offset=offset, size=way.size - len(found), rows=rows, cap=cap)
        if is_last or len(found) == way.size:
            break
        if offset and not found:  # all of the part stands before the page
            offset -= _size(db, rows(part, False), up_to=offset) if before is None else before
        else:
            offset = 0
    return found[::-1] if way.from_the_end else found


def _is_past_the_end(page: Page, few: Few | None) -> bool:
    """As far as is known without reading past all of them."""
    known = [number for number in (page.total, few.number if few else None) if number is not None]
    return page.offset > 0 and any(number <= page.offset for number in known)


@dataclass(frozen=True)
class _Way:
    """How a page is read: past how many rows, of which parts, and whether from the end of the list."""

    parts: list[Part]
    descending: bool
    offset: int
    size: int
    from_the_end: bool = False


def _way(parts: Sequence[Part], page: Page) -> _Way:
    order = ordering.turned(parts) if page.descending else list(parts)
    if page.total is None or not page.total < 2 * page.offset < 2 * page.total:
        return _Way(order, page.descending, page.offset, page.size)
    rest = page.total - page.offset
    size = min(rest, page.size)
    return _Way(order[::-1], not page.descending, rest - size, size, from_the_end=True)


def _of_part(db: Session, part: Part, way: _Way, *, offset: int, size: int, rows: Rows, cap: int) -> Sequence[int]:
    columns, few = ordering.keys(part), narrowing.few(db, part.answers, cap=cap)
    if few is not None:
        found, *values = _put_aside(db, rows(part, True), columns, few).c
        with planner.walking(db):
            return _page(db, sa.select(found), values, way, size=size, offset=offset)
    query = rows(part, True)
    if part.through == "section":  # class by class, or SQLite sorts all students for a page
        query = query.with_hint(Section, "INDEXED BY section_by_title", "sqlite")
    with planner.walking(db) if offset <= NEAR else nullcontext():  # farther off, to sort may be quicker
        return _page(db, query, columns, way, size=size, offset=offset)


def _by_value(db: Session, part: Part, page: Page, rows: Rows) -> list[int]:
    """Everybody in one statement: first the value of each row, then their order.

    Neither database looks through a limit, so none of them is asked twice.
    """
    found, value, key = rows(replace(part, holds=()), True).add_columns(*ordering.keys(part)).limit(_ALL).subquery().c
    by = [value.is_(None), *(one.desc() if page.descending else one for one in (value, key))]
    return list(_ids(db, sa.select(found).order_by(*by), size=page.size, offset=page.offset))


def _put_in_order(db: Session, parts: Sequence[Part], page: Page, rows: Rows, few: Few) -> Found:
    """All parts in one statement, the rows of each behind those of the one before."""
    order = ordering.turned(parts) if page.descending else list(parts)
    held = one_by_one.each(sa.and_(sa.true(), *part.holds) for part in order)
    place = sa.case(*((holds, number) for number, holds in enumerate(held)), else_=len(held))
    values: Sequence[Column] = order[0].columns
    if len({part.columns for part in order}) > 1:  # each orders the rows of its own part
        values = [sa.case((held[n], column)) for n, part in enumerate(order) for column in part.columns]
    all_rows = rows(ordering.together(parts), True)
    found, first, *keys = _put_aside(db, all_rows, [place, *values, col(Person.id)], few).c
    by = [first, *(key.desc() for key in keys)] if page.descending else [first, *keys]
    ordered = sa.select(found, sa.func.count().over()).order_by(*by).limit(page.size).offset(page.offset)
    with planner.walking(db):
        found_rows = at_once.read(db, ordered)
    return Found(tuple(row[0] for row in found_rows), found_rows[0][1] if found_rows else None)


def _page(
    db: Session, query: sa.Select[Any], columns: Sequence[Column], way: _Way, *, size: int, offset: int
) -> Sequence[int]:
    by = [column.desc() for column in columns] if way.descending else columns
    return _ids(db, query.order_by(*by), size=size, offset=offset)


def _ids(db: Session, query: sa.Select[Any], *, size: int, offset: int) -> Sequence[int]:
    return [row[0] for row in at_once.read(db, query.limit(size).offset(offset))]


def _put_aside(db: Session, query: sa.Select[Any], columns: Sequence[Column], few: Few) -> sa.Subquery:
    """First the rows, then their order: no index may tempt the database to walk past all the others for them.

    Neither database looks through a limit, of which there are never more.
    """
    within = query.with_hint(Person, "NOT INDEXED", "sqlite").where(narrowing.among(db, few))
    return within.add_columns(*columns).limit(few.number).subquery()


def _size(db: Session, query: sa.Select[Any], *, up_to: int) -> int:
    """How many rows, counted no further than one more than `up_to`."""
    counted = query.limit(up_to + 1).subquery()
    return db.connection().scalar(sa.select(sa.func.count()).select_from(counted)) or 0
