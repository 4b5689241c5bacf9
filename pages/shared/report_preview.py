"""*Preview Report*: the real pages inside the window, from our own address (R45), before anything is downloaded."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import report_parameters
from core.services import previews
from core.services.previews import Preview
from core.services.printed_accounts import Printed
from pages.shared import feedback, fresh_code

_KEPT = "report_preview"
# Hexadecimal digits and numbers of ours only (R54).
PAGE = """
<img src="/files/{preview}/page/{number:d}" alt="Page {number:d} of the report" loading="lazy" style="width: 100%;
border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .25rem; background: #fff">
"""


def offer(actor: Actor, printed: Printed) -> None:
    """The button, and below it the pages as they are now; other choices ask for another preview."""
    asked = (printed.selection_id, printed.scope, report_parameters.as_text(printed.parameters))
    pressed = st.button("Preview Report", icon=":material/visibility:")
    if now_fresh := fresh_code.proved(actor, pressed, key="preview", act="Preview Report"):
        with st.spinner("Drawing the first pages"), feedback.refusals_shown():
            st.session_state[_KEPT] = (asked, _draw(now_fresh, printed))
    kept_for, preview = st.session_state.get(_KEPT, (None, None))
    if preview is not None and kept_for == asked:
        _show(preview)


def _draw(actor: Actor, printed: Printed) -> Preview:
    with database.reading() as db:
        begun = previews.read(db, actor, printed)
    with database.transaction() as db:
        previews.note(db, actor, begun)
    pictures = previews.draw(begun)
    with database.transaction() as db:
        return previews.keep(db, actor, begun=begun, pictures=pictures)


def _show(preview: Preview) -> None:
    st.caption(_said(preview))
    for number in range(1, preview.shown + 1):
        st.html(PAGE.format(preview=preview.id, number=number))


def _said(preview: Preview) -> str:
    if preview.pages is None:
        return f"The first {preview.shown} pages, as they will be printed."
    if preview.pages <= preview.shown:
        return "The only page." if preview.pages == 1 else f"All {preview.pages} pages."
    return f"The first {preview.shown} of {preview.pages:,} pages."
