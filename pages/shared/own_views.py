"""Own views of a list: the present question kept under a name, renamed, taken away and brought back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules.list_views import LONGEST_NAME, ListView
from core.services import list_views
from core.services.selections import ListName
from pages.shared import feedback
from pages.shared.listing import AnyFilter


def draw(actor: Actor, name: ListName, asked: AnyFilter, views: Sequence[ListView]) -> None:
    """*My views*: a window, drawn only while it is open."""
    window = st.popover("My views", icon=":material/bookmark:", type="tertiary", key=f"{name}.own", on_change="rerun")
    with window:
        if window.open:
            _save(actor, name, asked)
            if own := [view for view in views if view.own_id is not None]:
                _change(actor, name, asked, own)


def undo(actor: Actor, name: ListName, kind: type[AnyFilter]) -> None:
    """After a view was deleted: a button that brings it back."""
    gone: ListView | None = st.session_state.get(f"{name}.own.gone")
    if gone is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"The view “{gone.name}” is deleted.", width="content")
        brought_back = st.button("Bring it back", key=f"{name}.own.undo")
        if brought_back or st.button("Leave it so", key=f"{name}.own.leave", type="tertiary"):
            del st.session_state[f"{name}.own.gone"]
            if brought_back:
                _store(actor, name, gone.name, kind.from_json(gone.filter), f"The view “{gone.name}” is back.")
            st.rerun()


def _save(actor: Actor, name: ListName, asked: AnyFilter) -> None:
    with st.form(f"{name}.own.save", border=False):
        typed = st.text_input("Keep the present filter as a view", max_chars=LONGEST_NAME, placeholder="Name")
        if asked.is_empty:
            st.caption("Nothing is filtered at present: the view would show everybody.")
        if st.form_submit_button("Save view", type="primary"):
            _store(actor, name, typed, asked, f"The view “{typed.strip()}” stands above the list now.")
            st.rerun()


def _change(actor: Actor, name: ListName, asked: AnyFilter, own: Sequence[ListView]) -> None:
    with st.form(f"{name}.own.change", border=False):
        view = st.selectbox("One of my views", own, format_func=lambda one: one.name)
        typed = st.text_input("Its new name", max_chars=LONGEST_NAME)
        with st.container(horizontal=True):
            renamed, deleted = st.form_submit_button("Rename"), st.form_submit_button("Delete")
    if (not renamed and not deleted) or view.own_id is None:
        return
    with feedback.refusals_shown(), database.transaction() as db:
        if renamed:
            list_views.rename(db, actor, view_id=view.own_id, name=typed)
        else:
            list_views.delete(db, actor, view_id=view.own_id)
    if deleted:
        st.session_state[f"{name}.own.gone"] = view
    st.rerun()


def _store(actor: Actor, name: ListName, typed: str, asked: AnyFilter, sentence: str) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        list_views.save(db, actor, list_name=name, name=typed, filter=asked)
    feedback.later(sentence)
