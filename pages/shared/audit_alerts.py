"""The alerts of the last days, above everything else on the Audit page."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core import database
from core.permissions import Actor
from core.tables import alerts, school
from pages.shared import cells, feedback

WITHIN, AT_ONCE = timedelta(days=7), 3


def draw(actor: Actor) -> None:
    """The newest few in full, the rest folded away; one quiet line when there are none."""
    with database.reading() as db:
        raised, own = alerts.latest(db, actor, within=WITHIN), school.settings(db)
    if not raised:
        address = f" They would go to {own.alert_address} too." if own.alert_address else ""
        st.caption(feedback.plain(f"No alert in the last seven days.{address}"))
    for one in raised[:AT_ONCE]:
        _say(one, own.time_zone)
    if len(raised) > AT_ONCE:
        with st.expander(f"{len(raised) - AT_ONCE} earlier alerts of the last seven days"):
            for one in raised[AT_ONCE:]:
                _say(one, own.time_zone)
    if not own.alert_address:
        st.page_link(
            "settings.py",
            label="Set an e-mail address for alerts",
            icon=":material/mail:",
            query_params={"section": "Alerts"},
        )


def _say(one: alerts.Said, time_zone: str) -> None:
    st.error(feedback.plain(f"{cells.moment_words(one.at, time_zone)}: {one.sentence}"), icon=":material/warning:")
