"""The columns of a list: few that matter first, the others by choice, remembered for each account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor, Permission
from core.services import list_views
from core.services.selections import ListName
from core.tables import list_views as stored
from core.tables.list_columns import ListColumn, Rows
from pages.shared import cells, feedback

Cells = Callable[[Rows], Any]


@dataclass(frozen=True)
class Column:
    """A title, what stands below it, and the order that a click on its head gives. `needs`: else it is not offered.

    `names`: the columns of the table that it is made of.
    """

    title: str
    names: tuple[str, ...]
    cells: Cells
    sort: str
    standard: bool
    needs: Permission | None
    is_moment: bool
    config: Callable[[], Any] | None

    @property
    def kind(self) -> pa.DataType | None:
        """What Arrow is to make of the cells, where a page of empty ones would not tell."""
        return pa.timestamp("us", tz="UTC") if self.is_moment else None


@dataclass(frozen=True)
class Look:
    """What a column has on screen alone: its order, whether it stands there at first, other cells, its width."""

    sort: str
    standard: bool = False
    cells: Cells | None = None
    config: Callable[[], Any] | None = None


Columns = Mapping[str, Column]


def with_looks(known: Mapping[str, ListColumn], looks: Mapping[str, Look]) -> dict[str, Column]:
    """The columns of a list with their looks."""
    return {name: _column(column, looks[name]) for name, column in known.items()}


def _column(known: ListColumn, look: Look) -> Column:
    shown = look.cells or known.cells
    of_column = (known.title, known.names, shown, look.sort, look.standard)
    return Column(*of_column, known.needs, known.is_moment, look.config)


def wide() -> Any:
    """For names."""
    return st.column_config.TextColumn(width=190)


def with_reason() -> Any:
    """For what may be followed by why."""
    return st.column_config.TextColumn(width=220)


def drawn(columns: Columns, time_zone: str) -> dict[str, Any]:
    """How Streamlit is to draw them, where it would not find out by itself."""
    moments = {one.title: cells.moment_column(one.title, time_zone) for one in columns.values() if one.is_moment}
    return moments | {one.title: one.config() for one in columns.values() if one.config}


def offered(actor: Actor, columns: Columns) -> dict[str, Column]:
    """The columns that the actor's role may see."""
    return {name: column for name, column in columns.items() if column.needs is None or actor.may(column.needs)}


def chosen(db: Session, actor: Actor, list_name: ListName, columns: Columns) -> dict[str, Column]:
    """The columns to show, in their order: the actor's own choice, else the standard ones."""
    allowed = offered(actor, columns)
    own = [name for name in stored.columns(db, actor, list_name=list_name) if name in allowed]
    return {name: allowed[name] for name in own or _standard(allowed)}


def choose(actor: Actor, list_name: ListName, columns: Columns) -> None:
    """*Columns*: which to show, in the order in which they are picked."""
    key = f"{list_name}.columns"
    window = st.popover("Columns", icon=":material/view_column:", type="tertiary", key=key, on_change="rerun")
    with window:
        if window.open:
            _form(actor, list_name, columns)


def _form(actor: Actor, list_name: ListName, columns: Columns) -> None:
    allowed = offered(actor, columns)
    with database.reading() as db:
        now = chosen(db, actor, list_name, columns)
    with st.form(f"{list_name}.columns.form", border=False):
        picked = st.multiselect(
            "Columns, in the order in which they are to stand",
            list(allowed),
            list(now),
            format_func=lambda name: allowed[name].title,
        )
        st.caption("Take one out and pick it again to move it to the end.")
        with st.container(horizontal=True):
            kept = st.form_submit_button("Show these columns", type="primary")
            standard = st.form_submit_button("Back to the standard ones")
    if kept or standard:
        _remember(actor, list_name, [] if standard or picked == _standard(allowed) else picked)


def _remember(actor: Actor, list_name: ListName, picked: Sequence[str]) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        list_views.choose_columns(db, actor, list_name=list_name, columns=picked)
    st.rerun()


def _standard(allowed: Columns) -> list[str]:
    return [name for name, column in allowed.items() if column.standard]
