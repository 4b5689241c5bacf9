"""*Needs you*: what waits for a person, each a sentence and a button."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission, Scope
from core.rules.needs import WORDS, Need
from core.tables import data_version, needs
from core.tables.needs import Entry
from pages.shared import feedback, status_chart
from pages.shared.status_numbers import FRESH_S


def draw(actor: Actor) -> None:
    """The entries, or that all is well."""
    with database.reading() as db:
        seen = data_version.now(db)
    entries = _entries(str(database.engine().url), seen, actor.account_id, actor.scope, actor.permissions, _actor=actor)
    with st.container(border=True, key="needs-you"):
        st.subheader("Needs you", anchor=False)
        if not entries:
            st.markdown(":material/check_circle: All is well: nothing waits for you.")
        for entry in entries:
            _entry(entry)


@st.cache_resource(ttl=FRESH_S, show_spinner=False, max_entries=50)
def _entries(
    database_url: str,
    seen: str,
    account_id: int | None,
    scope: Scope,
    permissions: frozenset[Permission],
    _actor: Actor,
) -> list[Entry]:
    """Kept for a moment while nothing is written: a change of a filter counts none of it again."""
    with database.reading() as db:
        return needs.of(db, _actor)


def _entry(entry: Entry) -> None:
    said = WORDS[entry.need]
    why = f" {feedback.plain(entry.why)}" if entry.why else ""
    st.markdown(f":material/{said.icon}: {said.sentence(entry.number)}{why}")
    if st.button(said.button, key=f"needs.{entry.need}", icon=":material/arrow_forward:", icon_position="right"):
        if entry.behind is not None:
            status_chart.open_list(entry.behind)
        if entry.need is Need.IMPORT_REFUSED:
            st.switch_page("imports.py")
        one, those = {"campaign": str(entry.campaign_id)}, {"need": entry.need.value}
        st.switch_page("campaigns.py", query_params=one if entry.campaign_id else those)
