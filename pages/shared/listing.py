"""What a list shows, in which order, and which page of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
import streamlit as st
from sqlmodel import Session

from core.permissions import Actor
from core.services.selections import ListName, SelectionView
from core.tables.filters import PAGE_SIZE, AccountFilter, Page, StudentFilter
from pages.shared.columns import Column

Order = tuple[str, bool]
AnyFilter = StudentFilter | AccountFilter


@dataclass(frozen=True)
class Listing:
    """A list as it is asked for now. `columns` are those on screen, `orders` maps all titles to names of orders."""

    name: ListName
    noun: str
    filter: AnyFilter
    page: Callable[[Session, Actor, Page], pd.DataFrame]
    count: Callable[[Session, Actor, AnyFilter], int]
    count_up_to: Callable[[Session, Actor, AnyFilter, int], int]
    columns: Mapping[str, Column]
    orders: Mapping[str, str]
    time_zone: str

    @cached_property
    def asked(self) -> dict[str, object]:
        """The filter as it is stored."""
        return self.filter.as_json()

    def dress(self, rows: pd.DataFrame) -> pa.Table:
        """Rows of the database as people read them, in the form in which they go to the browser."""
        shown = {column.title: pa.array(column.cells(rows), column.kind) for column in self.columns.values()}
        return pa.table({"Open": ["Open"] * len(rows), **shown})

    def wanted(self) -> Page:
        """The page asked for; there may be fewer pages."""
        sort, descending = self.order()
        kept_key, number = st.session_state.get(f"{self.name}.kept_page", ("", 1))
        key = self.paging_key()
        return Page(max(1, int(st.session_state.get(key, number if kept_key == key else 1))), sort, descending)

    def order(self) -> Order:
        """The order chosen; it comes from the browser, so only a known one counts."""
        order = st.session_state.get(f"{self.name}.order", st.session_state.get(f"{self.name}.kept_order"))
        return order if order in self.all_orders() else ("name", False)

    def all_orders(self) -> list[Order]:
        sorts = dict.fromkeys(["name", *self.orders.values()])
        return [(sort, descending) for sort in sorts for descending in (False, True)]

    def order_by(self, column: str) -> None:
        """A click on a column's head: that order, the second time from the end."""
        sort, descending = self.order()
        clicked = self.orders[column]
        st.session_state[f"{self.name}.order"] = (clicked, not descending if clicked == sort else False)

    def keep(self, number: int) -> None:
        """Widgets forget when their page is left; whoever comes back from a card finds page and order again."""
        st.session_state[f"{self.name}.kept_page"] = (self.paging_key(), number)
        st.session_state[f"{self.name}.kept_order"] = self.order()

    def paging_key(self) -> str:
        """Another filter or order begins at page 1, because its key is another."""
        return f"{self.name}.page.{digest(self.asked, self.order())}"

    def title(self, order: Order) -> str:
        title = next((title for title, name in self.orders.items() if name == order[0]), order[0])
        return f"By {title[:1].lower()}{title[1:]}{', from the end' if order[1] else ''}"


@dataclass(frozen=True)
class Shown:
    """One page of rows as it was read, and what of it is ticked."""

    rows: pd.DataFrame
    number: int
    view: SelectionView
    ticked: frozenset[int]

    @property
    def selection_id(self) -> int:
        assert self.view.id is not None  # noqa: S101  (a list that was looked at has one)
        return self.view.id

    @cached_property
    def ids(self) -> list[int]:
        return [int(row_id) for row_id in self.rows["id"]]

    @property
    def total(self) -> int | None:
        """How many match, where the page itself tells."""
        whole = len(self.rows) < PAGE_SIZE and (len(self.rows) > 0 or self.number == 1)
        return (self.number - 1) * PAGE_SIZE + len(self.rows) if whole else None


@dataclass(frozen=True)
class Tally:
    """How many match, how many of all are chosen, and how many of those the filter does not show."""

    total: int
    chosen: int
    hidden: int


def pages(total: int) -> int:
    """How many pages there are; an empty list has one."""
    return max(1, -(-total // PAGE_SIZE))


def digest(*values: object) -> str:
    """A short name for values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
