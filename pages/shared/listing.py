"""What a list shows, in which order, and which page of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from sqlmodel import Session

from core.permissions import Actor
from core.services.selections import ListName
from core.tables.filters import PAGE_SIZE, AccountFilter, Page, StudentFilter

Order = tuple[str, bool]


@dataclass(frozen=True)
class Listing:
    """`dress` turns rows of the database into what people read; `orders` maps titles of columns to orders."""

    name: ListName
    noun: str
    filter: StudentFilter | AccountFilter
    page: Callable[[Session, Actor, Page], pd.DataFrame]
    count: Callable[[Session, Actor], int]
    dress: Callable[[pd.DataFrame], pd.DataFrame]
    columns: Mapping[str, Any]
    orders: Mapping[str, str]

    def wanted(self, total: int) -> Page:
        """The page on screen."""
        sort, descending = self.order()
        number = int(st.session_state.get(self.paging_key(), 1))
        return Page(max(1, min(number, pages(total))), sort, descending)

    def order(self) -> Order:
        """The order chosen; it comes from the browser, so only a known one counts."""
        order = st.session_state.get(f"{self.name}.order")
        return order if order in self.all_orders() else ("name", False)

    def all_orders(self) -> list[Order]:
        sorts = dict.fromkeys(["name", *self.orders.values()])
        return [(sort, descending) for sort in sorts for descending in (False, True)]

    def order_by(self, column: str) -> None:
        """A click on a column's head: that order, the second time from the end."""
        sort, descending = self.order()
        clicked = self.orders[column]
        st.session_state[f"{self.name}.order"] = (clicked, not descending if clicked == sort else False)

    def paging_key(self) -> str:
        """Another filter or order begins at page 1, because its key is another."""
        return f"{self.name}.page.{digest(self.filter.as_json(), self.order())}"

    def title(self, order: Order) -> str:
        title = next((title for title, name in self.orders.items() if name == order[0]), order[0])
        return f"By {title.lower()}{', from the end' if order[1] else ''}"


@dataclass(frozen=True)
class Shown:
    """What one run of the page has read."""

    rows: pd.DataFrame
    total: int
    selection_id: int
    chosen: int = 0
    hidden: int = 0
    ticked: frozenset[int] = frozenset()

    @property
    def ids(self) -> list[int]:
        return [int(row_id) for row_id in self.rows["id"]]


def pages(total: int) -> int:
    """How many pages there are; an empty list has one."""
    return max(1, -(-total // PAGE_SIZE))


def digest(*values: object) -> str:
    """A short name for values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
