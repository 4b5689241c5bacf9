"""What became of the files in the import folder."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.config import settings
from core.permissions import Actor
from core.tables.imports import OfFolder
from pages.shared import export_menu, feedback

_WIDTHS = {"What happened": st.column_config.TextColumn(width="large")}


def draw(actor: Actor, found: Sequence[OfFolder], *, number: int, zone: str) -> None:
    """The latest first; nothing where there is no folder and never was one. A file has all `number` of them."""
    if not (settings().import_folder or found):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Import folder", width="stretch")
        if found:
            caption = "All files that came into the folder, newest first."
            export_menu.draw(actor, "import-folder", caption=caption, expected=number, said="files")
    if not found:
        st.caption("No file has come yet. One is looked for every minute, and taken when it has stopped changing.")
        return
    if found[0].refusal:
        st.warning(f"{feedback.plain(found[0].name)}: {feedback.plain(found[0].refusal)}", icon=":material/block:")
    rows = [
        {
            "When": one.at.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y, %H:%M"),
            "File": one.name,
            "Outcome": "Refused" if one.refusal else "Imported" if one.is_new else "Known already",
            "What happened": one.refusal or _counts(one),
            "Notes": one.notes,
        }
        for one in found
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="import_folder", column_config=_WIDTHS)
    st.caption("A report of each stands beside the file, in “done” or “refused” of the folder, for 30 days.")


def _counts(one: OfFolder) -> str:
    if not one.is_new:
        return "It is the file that was imported last: nothing to do."
    back = f", {one.returned:,} came back" if one.returned else ""
    return f"{one.created:,} new, {one.changed:,} changed, {one.left:,} marked as Left{back}"
