"""Settings of imports: how many may leave at once, and what the import folder means."""

from __future__ import annotations

import streamlit as st

from core import config, database
from core.permissions import Actor
from core.rules.imports import leaving
from core.tables import school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields


def form(actor: Actor) -> None:
    """Saved as one; where the folder is, the installation says."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    with st.form("settings.imports"):
        fields.number("leavers_percent", *leaving.PERCENT)
        fields.switch("folder_marks_leavers")
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="imports")
    if config.settings().import_folder:
        st.caption("What comes into the import folder is imported by itself; the page Imports says how it went.")
    else:
        st.caption("There is no import folder. Whoever runs the server can set one up: docs/operations.md.")
