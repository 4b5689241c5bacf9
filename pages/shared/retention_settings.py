"""Settings of retention: how long things are kept after they have ended."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import retention
from core.tables import school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields


def form(actor: Actor) -> None:
    """Saved as one; what would go tonight stands on its own page."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    st.write("What has ended is deleted every night, when it was kept for so long:")
    with st.form("settings.retention"):
        left, right = st.columns(2)
        with left:
            fields.number("keep_invitations_days", *retention.INVITATION_DAYS)
            fields.number("keep_leavers_months", *retention.LEAVER_MONTHS)
        with right:
            fields.number("keep_outbox_days", *retention.OUTBOX_DAYS)
            fields.number("keep_audit_months", *retention.AUDIT_MONTHS)
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="retention")
    st.page_link("retention.py", label="What would go tonight", icon=":material/visibility:")
