"""The entries of the audit, a page at a time, newest first, and as a file."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import audit_words
from core.tables import audit as table
from core.tables import school
from core.tables.filters import PAGE_SIZE, AuditFilter, Page
from pages.shared import audit_filter, cells, export_menu, feedback


def draw(actor: Actor) -> None:
    """Filter, rows, pages, export."""
    audit_filter.draw(actor)
    asked, page = audit_filter.asked(), Page(int(st.session_state.get("audit.page", 1)))
    with feedback.refusals_shown(), database.reading() as db:
        shown, zone = table.shown(db, actor, filter=asked, page=page), school.settings(db).time_zone
    rows, total = shown.rows, shown.total
    if shown.read_back_to:
        since = cells.moment_words(shown.read_back_to, zone)
        st.info(f"What was done to several people at once was looked for back to {since}. For older acts choose days.")
    if rows.empty:
        st.info("No entry matches. Take something out of the filter, or press Clear.", icon=":material/search_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_number(total)}** {'entry' if total == 1 else 'entries'}", width="content")
        st.space("stretch")
        _export(actor, asked, total)
    st.dataframe(
        _dress(rows),
        key=f"audit-table-{rows['seq'].iloc[0]}-{page.number}",
        hide_index=True,
        height=37 + 35 * min(len(rows), 16),
        column_config={
            "When": cells.moment_column("When", zone),
            "What": st.column_config.TextColumn(width=270),
            "More": st.column_config.TextColumn(width="medium"),
            "Entry": st.column_config.NumberColumn(format="%d", width="small"),
        },
        alt="Entries of the audit, newest first",
    )
    if total > PAGE_SIZE:
        st.pagination(-(-min(total, table.COUNTED) // PAGE_SIZE), key="audit.page")


def _number(total: int) -> str:
    return f"{total:,}" if total <= table.COUNTED else f"{table.COUNTED:,}+"


def _export(actor: Actor, asked: AuditFilter, total: int) -> None:
    caption = "All entries that match, with their details. Taking the file is an entry too."
    more = {"asked": json.dumps(asked.as_json())}
    export_menu.draw(actor, "audit", caption=caption, expected=total, said="entries", more=more)


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "When": pd.to_datetime(rows["at"], utc=True),
            "Who": rows["who"],
            "What": rows["what"],
            "Whom": rows["whom"],
            "From": rows["ip"],
            "Result": [audit_words.RESULT.get(result, result) for result in rows["result"]],
            "More": [" · ".join(filter(None, said)) for said in zip(rows["reason"], rows["more"], strict=True)],
            "As": [", ".join(role.split()) for role in rows["role"]],
            "Entry": rows["seq"],
        }
    )
