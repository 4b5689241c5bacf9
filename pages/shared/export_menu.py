"""The menu that hands out a list of a page as a file, in the three forms."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.permissions import Actor
from pages.shared import download

FORMATS = {"xlsx": "Excel", "csv": "CSV", "csv-plain": "CSV, plain UTF-8"}


def draw(
    actor: Actor,
    listed: str,
    *,
    caption: str,
    expected: int,
    said: str,
    more: Mapping[str, str] | None = None,
    of: int = 0,
) -> None:
    """`listed`: how the kinds of its files begin. `of`: the id of what the list is of, where there are several.

    `said`: what the number is a number of.
    """
    with st.popover("Export", icon=":material/download:", key=f"export-{listed}-{of}"):
        st.caption(caption)
        for file_format, label in FORMATS.items():
            download.report_form(
                actor,
                label=label,
                kind=f"{listed}-{file_format}",
                selection_id=of,
                scope="",
                expected=expected,
                said=said,
                more=more,
            )
