"""The *Timeline* of a card: what happened, when and by whom, newest first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.tables import timeline
from core.tables.timeline import Event
from pages.shared import cells, feedback, guarded, undo_dialog


@guarded.fragment(Permission.SEE_STUDENTS)
def draw(actor: Actor, person_id: int, time_zone: str) -> None:
    """A part of it; the rest on a button."""
    key = f"timeline.{person_id}"
    shown = st.session_state.get(key, timeline.AT_ONCE)
    with feedback.refusals_shown(), database.reading() as db:
        events = timeline.read(db, actor, person_id=person_id)
    for event in events:
        if event.undo is not None:
            _undo(actor, event, event.undo, time_zone)
    rows = [(cells.moment_words(event.at, time_zone), event.what, event.by) for event in events[:shown]]
    frame = pd.DataFrame([tuple(map(feedback.plain, row)) for row in rows], columns=["When", "What", "By"])
    st.table(frame, hide_index=True, border="horizontal")
    if len(events) > shown and st.button(f"Show older, {len(events) - shown:,} more", key=f"{key}.older"):
        st.session_state[key] = shown + 5 * timeline.AT_ONCE
        st.rerun(scope="fragment")


def _undo(actor: Actor, event: Event, change_id: int, time_zone: str) -> None:
    """What the reader may still undo stands above the table, which holds no buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        about = filter(None, (event.what, cells.moment_words(event.at, time_zone), event.by))
        st.text(", ".join(about), width="content")
        if st.button("Undo", icon=":material/undo:", key=f"timeline.undo.{change_id}"):
            undo_dialog.ask(actor, change_id)
