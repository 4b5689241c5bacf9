"""Microsoft directory: look up who is in it, decide who is who, create who is missing, see what is under way."""

from __future__ import annotations

import streamlit as st

from core import database
from core.config import settings
from core.permissions import Permission
from core.tables import directory_review, school
from pages.shared import (
    directory_look_up,
    directory_pending,
    directory_proposals,
    directory_update,
    feedback,
    guard,
)

actor = guard.require(Permission.MANAGE_DIRECTORY)
st.title("Microsoft directory")
feedback.said()
with database.reading() as db:
    own = school.settings(db)
if not (own.microsoft and settings().microsoft_is_set_up):
    what = "is not connected to Microsoft yet" if own.microsoft else "does not use Microsoft 365"
    st.info(f"The school {what}. Settings, Microsoft 365 is the place to begin.", icon=":material/cloud_off:")
    st.page_link("settings.py", label="Settings", icon=":material/settings:", query_params={"section": "Microsoft 365"})
    st.stop()
st.write(
    "Who of the school is who in Microsoft 365? A look-up reads the directory and compares it with the people here. "
    "It changes nothing: you decide below."
)
known = directory_look_up.draw(actor)
directory_pending.draw(actor)
if known:
    directory_update.draw(actor)
    with database.reading() as db:
        counts = directory_review.counts(db, actor)
    directory_proposals.draw(actor, counts)
