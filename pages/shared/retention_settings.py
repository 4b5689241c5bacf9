"""The part of the settings about how long things are kept after they have ended."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import retention
from core.services import school
from core.tables.school import settings as school_settings
from pages.shared import feedback


def form(actor: Actor) -> None:
    """Saved as one; what would go tonight stands on its own page."""
    with database.reading() as db:
        now = school_settings(db)
    with st.form("retention_settings"):
        st.subheader("Data retention")
        st.write("What has ended is deleted every night, when it was kept for so long:")
        left, right = st.columns(2)
        links = left.number_input(
            "Ended links and initial passwords, days", *retention.INVITATION_DAYS, now.keep_invitations_days
        )
        files = right.number_input("Files of the outbox, days", *retention.OUTBOX_DAYS, now.keep_outbox_days)
        leavers = left.number_input(
            "People who left, months",
            *retention.LEAVER_MONTHS,
            now.keep_leavers_months,
            help="Counted from the last change of the person, with their accounts and guardians of nobody else.",
        )
        audit = right.number_input(
            "Entries of the audit, months",
            *retention.AUDIT_MONTHS,
            now.keep_audit_months,
            help="They go behind a sealed checkpoint, so that the rest of the audit can still be verified.",
        )
        changes = {"keep_invitations_days": int(links), "keep_outbox_days": int(files)}
        if st.form_submit_button("Save retention settings", type="primary"):
            _save(actor, changes | {"keep_leavers_months": int(leavers), "keep_audit_months": int(audit)})
    st.page_link("retention.py", label="What would go tonight", icon=":material/visibility:")


def _save(actor: Actor, changes: dict[str, int]) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes)
        st.toast("Saved." if changed else "Nothing changed.")
