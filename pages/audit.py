"""Audit: who did what to whom, whether the record is whole, and who saw the data of some students."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from pages.shared import audit_alerts, audit_check, audit_entries, audit_question, feedback, guard

actor = guard.require(Permission.SEE_AUDIT)
st.title("Audit")
feedback.said()
audit_alerts.draw(actor)
entries, question, whole = st.tabs(["Entries", "Who saw whom?", "Is it whole?"])
with entries:
    audit_entries.draw(actor)
with question:
    audit_question.draw(actor)
with whole:
    audit_check.draw(actor)
