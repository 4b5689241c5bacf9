"""Reports: start one for a class or for the whole school, and fetch what was made while you went on."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from pages.shared import feedback, guard, report_files, report_starts

actor = guard.require(Permission.PRINT_REPORTS)
st.title("Reports")
feedback.said()
with feedback.refusals_shown():
    report_files.draw(actor)
    report_starts.draw(actor)
