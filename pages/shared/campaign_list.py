"""Campaigns, newest first: all of them, or those for which *Needs you* asks."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.models import CampaignStatus
from core.permissions import Actor
from core.rules import words
from core.rules.needs import WORDS, Need
from core.tables import campaigns as table
from core.tables import needs, school
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import cells, export_menu, held


def show(actor: Actor, need: Need | None = None) -> None:
    """One line a campaign; a ticked one opens. `need`: only those that an entry of *Needs you* counts."""
    with st.container(horizontal=True, vertical_alignment="center", key="campaigns-head"):
        st.title("Campaigns", width="content")
        st.space("stretch")
        held.offer(actor)
    key = f"campaigns.page.{need or 'all'}"
    page = Page(int(st.session_state.get(key, 1)))
    with database.reading() as db:
        only = None if need is None else needs.campaigns(db, actor, need=need)
        total = table.count(db, actor, only=only)
        rows = table.newest(db, actor, page=page, only=only)
        zone = school.settings(db).time_zone
    if need is not None:
        _why_these(need, total)
    if not total and need is None:
        st.info(
            "Nothing has been sent yet. Choose people in User Accounts, then Bulk Actions > Send Initial Invitation."
        )
        st.page_link("accounts.py", label="Go to User Accounts", icon=":material/arrow_forward:")
    if not total:
        return
    _export(actor, total)
    ids = [int(number) for number in rows["id"]]
    event = st.dataframe(
        _dress(rows),
        key=f"campaigns-table-{need or 'all'}-{ids[0]}-{page.number}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Launched": cells.moment_column("Launched", zone)},
    )
    chosen = [row for row in event.selection.rows if 0 <= row < len(ids)]
    if chosen:
        st.switch_page("campaigns.py", query_params={"campaign": str(ids[chosen[0]])})
    st.caption("Tick a campaign to see what became of each person.")
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key=key)


def _why_these(need: Need, total: int) -> None:
    said = f"Only campaigns with {WORDS[need].holds}: {total:,}." if total else f"No campaign with {WORDS[need].holds}."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(said, width="content")
        st.page_link("campaigns.py", label="Show all campaigns", icon=":material/arrow_forward:")


def _export(actor: Actor, total: int) -> None:
    caption = "All campaigns with their numbers. What became of each person is exported in the campaign."
    with st.container(horizontal=True, horizontal_alignment="right"):
        export_menu.draw(actor, "campaigns", caption=caption, expected=total, said="campaigns")


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    written = {"In the outbox": rows["written"]} if rows["written"].any() else {}
    return pd.DataFrame(
        {
            "Launched": pd.to_datetime(rows["launched_at"], utc=True),
            "By": rows["launched_by_label"],
            "What": rows["kind"].map(words.CAMPAIGN_KIND.__getitem__),
            "How": rows["channel"].map(words.CHANNEL.__getitem__),
            "Status": [
                words.campaign_status(CampaignStatus(status), waiting=waiting)
                for status, waiting in zip(rows["status"], rows["waiting"], strict=True)
            ],
            "People": rows["recipients"],
            "Gone": rows["gone"],
            **written,
            "Failed": rows["failed"],
            "May have been sent": rows["unknown"],
            "Waiting": rows["waiting"],
        }
    )
