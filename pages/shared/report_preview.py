"""*Preview Report*: the real pages inside the window, from our own address (R45), before anything is downloaded."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import report_parameters
from core.services import previews
from core.services.previews import PAGES, ROWS, Preview
from core.services.printed_accounts import Printed
from pages.shared import feedback, fresh_code, guard

_KEPT, _PAGE, _TURNED = "report_preview", "report_preview.page", "report_preview.turned"
# Hexadecimal digits and numbers of ours only (R54).
PAGE = """
<img src="/files/{preview}/page/{number:d}" alt="Page {number:d} of the report" loading="lazy" style="width: 100%;
border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .25rem; background: #fff">
"""


def offer(actor: Actor, printed: Printed) -> None:
    """The button, and below it the pages as they are now."""
    asked = _asked(printed)
    if st.button("Preview Report", icon=":material/visibility:"):
        st.session_state[_PAGE] = 1
        st.session_state[_TURNED] = True
    turned = bool(st.session_state.pop(_TURNED, False))
    if now_fresh := fresh_code.proved(actor, turned, key="preview", act="Preview Report"):
        st.session_state[_KEPT] = (asked, None)  # a run that is ended before it knows their name leaves pictures too
        with st.spinner("Drawing the pages"), feedback.refusals_shown():
            st.session_state[_KEPT] = (asked, _draw(now_fresh, printed, st.session_state.get(_PAGE, 1)))
    _kept_for, preview = st.session_state.get(_KEPT, (None, None))
    if preview is None:
        forget()
    else:
        _show(preview)


def end_other(printed: Printed) -> None:
    """Other choices ask for another preview, and end this one, whether or not anybody is left to print."""
    if _KEPT in st.session_state and st.session_state[_KEPT][0] != _asked(printed):
        forget()


def forget() -> None:
    """Nobody looks at the pages any more: their pictures go now, and not when their time is over."""
    if _KEPT not in st.session_state:
        return
    _kept_for, preview = st.session_state.pop(_KEPT)
    if actor := guard.here() or guard.look_up():
        with database.transaction() as db:
            previews.forget(db, actor, preview=preview.id if preview else None)


def _asked(printed: Printed) -> tuple[int, str, str]:
    return printed.selection_id, printed.scope, report_parameters.as_text(printed.parameters)


def _draw(actor: Actor, printed: Printed, first: int) -> Preview:
    """These pages only. Their pictures take the place of those before, so that nothing gathers while one leafs."""
    with database.reading() as db:
        begun = previews.read(db, actor, printed, first=first)
    with database.transaction() as db:
        previews.note(db, actor, begun)
    pictures = previews.draw(begun)
    with database.transaction() as db:
        return previews.keep(db, actor, begun=begun, pictures=pictures)


def _show(preview: Preview) -> None:
    st.caption(_said(preview))
    if preview.pages > preview.shown:
        _leafing(preview)
    for number in range(preview.first, preview.first + preview.shown):
        st.html(PAGE.format(preview=preview.id, number=number))


def _leafing(preview: Preview) -> None:
    """Back, on, or to a page by its number."""
    last = preview.first + preview.shown - 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        back = max(1, preview.first - PAGES)
        st.button("Back", icon=":material/chevron_left:", disabled=preview.first == 1, on_click=_turn, args=(back,))
        st.button(
            "Next pages",
            icon=":material/chevron_right:",
            disabled=last >= preview.pages,
            on_click=_turn,
            args=(last + 1,),
        )
        st.number_input(
            "Go to page",
            1,
            preview.pages,
            preview.first,
            key=f"{_PAGE}.{preview.id}",
            on_change=_jump,
            args=(f"{_PAGE}.{preview.id}",),
            width=160,
        )


def _turn(page: int) -> None:
    st.session_state[_PAGE], st.session_state[_TURNED] = page, True


def _jump(key: str) -> None:
    _turn(int(st.session_state[key] or 1))


def _said(preview: Preview) -> str:
    """Which pages, of how many; honest where there are more than can be leafed through."""
    last = preview.first + preview.shown - 1
    shown = f"Page {last:,}" if preview.shown == 1 else f"Pages {preview.first:,} to {last:,}"
    if not preview.whole:
        return (
            f"{shown} of the {preview.pages:,} that the first {ROWS:,} accounts take. There are more accounts: choose "
            "a class in the list to see its pages, or slips or single letters to leaf through all."
        )
    if preview.pages <= preview.shown:
        return "The only page." if preview.pages == 1 else f"All {preview.pages} pages."
    return f"{shown} of {preview.pages:,}, as they will be printed."
