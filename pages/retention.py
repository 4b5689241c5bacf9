"""Data retention: what would be deleted tonight, whom that concerns, and what the last run did."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.models import SchoolSettings
from core.permissions import Permission
from core.rules import words
from core.rules.retention import NIGHT, Kept
from core.services import retention
from core.services.retention import Foreseen
from core.tables import retention as table
from core.tables.school import settings as school_settings
from pages.shared import cells, feedback, guard

KINDS = {"student": "Student", "guardian": "Parent/Guardian", "staff": "Staff"}


def _overview(found: Foreseen, own: SchoolSettings, last: dict[str, int]) -> None:
    kept = {
        Kept.INVITATIONS: f"{own.keep_invitations_days} days",
        Kept.OUTBOX: f"{own.keep_outbox_days} days",
        Kept.LEAVERS: f"{own.keep_leavers_months} months",
        Kept.AUDIT: f"{own.keep_audit_months} months",
    }
    rows = [(words.KEPT[kind], kept[kind], f"{found.due[kind]:,}", f"{last[kind]:,}" if last else "–") for kind in Kept]
    columns = ["What has ended", "Is kept for", "Would go tonight", "Went in the last run"]
    st.table(pd.DataFrame(rows, columns=columns), hide_index=True, border="horizontal")
    st.caption(
        "Previews of reports go when their window is closed, and after 15 minutes at the latest. Reports are drawn "
        "when they are taken, and not kept; long ones wait for ten minutes to be fetched."
    )


def _people(found: Foreseen, zone: str) -> None:
    number = found.due[Kept.LEAVERS]
    if not number:
        return
    st.subheader("Who would go")
    st.write("With their accounts, links, messages and guardianships, for good. The audit keeps its numbers.")
    found.people["Kind"] = found.people["Kind"].map(lambda kind: KINDS.get(kind, kind))
    found.people["Last changed"] = pd.to_datetime(found.people["Last changed"], utc=True)
    dated = {"Last changed": cells.moment_column("Last changed", zone)}
    st.dataframe(found.people, hide_index=True, key="retention-table-people", column_config=dated)
    if number > len(found.people):
        st.caption(f"The first {len(found.people)} of {number:,}.")


actor = guard.require(Permission.CHANGE_SETTINGS)
feedback.said()
with database.reading() as db:
    own, foreseen, last = school_settings(db), retention.foresee(db, actor), table.last_run(db)
with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Data retention", width="stretch")
    st.page_link("settings.py", label="Change how long", icon=":material/tune:", query_params={"section": "Retention"})
st.write(
    f"What is no longer needed is deleted every night between {NIGHT[0]}:00 and {NIGHT[1]}:00, or by day where the "
    "server is off at night."
)
if last:
    st.write(f"Last run: {cells.moment_words(last[0], own.time_zone)}.")
else:
    st.info("No run yet. Look at what the first one would delete.", icon=":material/schedule:")
_overview(foreseen, own, last[1] if last else {})
_people(foreseen, own.time_zone)
