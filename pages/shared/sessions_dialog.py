"""The window of *Sign out everywhere*: where somebody is signed in, and the button that ends it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.services import sessions
from core.services.sessions import Place
from core.tables import school
from pages.shared import cells, feedback, guarded

TITLE = "Sign out everywhere"


@guarded.dialog(Permission.MANAGE_ACCOUNTS, TITLE)
def end(actor: Actor, account_id: int) -> None:
    """For a lost phone, or when somebody else is in the account. The password stays as it is."""
    with feedback.refusals_shown(), database.reading() as db:
        places = sessions.of_account(db, actor, account_id=account_id)
        zone = school.settings(db).time_zone
    if not places:
        st.write("They are signed in nowhere.")
        return
    st.table(_rows(places, zone), hide_index=True, border="horizontal")
    st.caption(
        "They can sign in again with their password. If others know it, tell them to choose *Forgotten password*."
    )
    if st.button(TITLE, type="primary", icon=":material/logout:"):
        with feedback.refusals_shown(), database.transaction() as db:
            ended = sessions.end_all(db, actor, account_id=account_id)
        feedback.later(f"Signed out on {ended} {'device' if ended == 1 else 'devices'}.")
        st.rerun()


def _rows(places: list[Place], zone: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Device": [feedback.plain(place.device or "A browser") for place in places],
            "Last used": [cells.moment_words(place.used_at, zone) for place in places],
            "Network address": [feedback.plain(place.ip) for place in places],
        }
    )
