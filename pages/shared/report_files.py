"""The files that somebody asked for: how far each is, Cancel, Download, and when it ends."""

from __future__ import annotations

import streamlit as st

from core import clock, database
from core.models import RequestStatus
from core.permissions import Actor, Permission
from core.rules import words
from core.services import report_requests
from core.tables import report_requests as table
from core.tables import school
from core.tables.report_requests import RequestedFile
from pages.shared import cells, feedback, guarded

FORMATS = {
    **dict.fromkeys(("list-xlsx", "campaign-outcome-xlsx", "import-problems-xlsx"), "Excel"),
    **dict.fromkeys(("list-csv", "list-csv-plain"), "CSV"),
    **dict.fromkeys(("campaign-outcome-csv", "campaign-outcome-csv-plain"), "CSV"),
    **dict.fromkeys(("import-problems-csv", "import-problems-csv-plain"), "CSV"),
}
# Hexadecimal digits of ours only (R54). An answer of this address is always an attachment, so the page stays.
LINK = """
<style>
.firstkey-file {{
  display: inline-block; padding: .375rem .9rem; border-radius: .5rem; background: #0f5e63; color: #fff !important;
  text-decoration: none; font-size: .875rem; font-weight: 600;
}}
.firstkey-file:hover {{ background: #0b4a4e; }}
.firstkey-file:focus-visible {{ outline: 2px solid currentColor; outline-offset: 2px; }}
</style>
<a class="firstkey-file" href="/files/{token}" download>Download</a>
"""


def draw(actor: Actor) -> None:
    """The newest first; refreshed by itself while there is something to wait for."""
    with database.reading() as db:
        asked = table.mine(db, actor)
    if asked:
        st.subheader("Your files")
        _live(actor, waits=any(_may_change(file) for file in asked))


def _live(actor: Actor, *, waits: bool) -> None:
    @guarded.fragment(Permission.PRINT_REPORTS, run_every=1.0 if waits else None)
    def files(actor: Actor) -> None:
        with database.reading() as db:
            asked, zone = table.mine(db, actor), school.settings(db).time_zone
        for file in asked:
            _file(actor, file, zone)
        if waits and not any(_may_change(file) for file in asked):
            st.rerun()

    files(actor)


def _may_change(file: RequestedFile) -> bool:
    return file.is_under_way or bool(file.token)


def _file(actor: Actor, file: RequestedFile, zone: str) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            rows = "1 row" if file.people == 1 else f"{file.people:,} rows"
            st.markdown(f"**{feedback.plain(file.title)}** · {FORMATS.get(file.kind, 'PDF')} · {rows}")
            st.caption(_said(file, zone))
            if file.is_under_way:
                st.progress(min(file.done / max(file.people, 1), 1.0))
        if file.token:
            st.html(LINK.format(token=file.token), width="content")
        label, icon = ("Discard", ":material/delete:") if file.token else ("Cancel", ":material/cancel:")
        if _may_change(file) and st.button(label, key=f"cancel_{file.id}", icon=icon):
            _cancel(actor, file)


def _said(file: RequestedFile, zone: str) -> str:
    """How far it is, and what to do."""
    asked = f"asked for on {cells.moment_words(file.created_at, zone)}"
    if file.status == RequestStatus.MAKING:
        return f"Reading {file.done:,} of {file.people:,}" if file.done < file.people else "Drawing and storing"
    if file.status == RequestStatus.FAILED:
        return f"{words.REQUEST_STATUS[file.status]}: {feedback.plain(file.refusal)}"
    if file.has_ended:
        return f"Ended: it was there for ten minutes; {asked}. Ask for it again."
    if file.status == RequestStatus.READY and not file.token:
        return f"Ready in the browser in which you asked for it; {asked}."
    if file.status == RequestStatus.READY and file.expires_at:
        left = max(1, round((file.expires_at - clock.now()).total_seconds() / 60))
        return f"Ready: {_size(file.size)}, to be downloaded once within {left} {'minute' if left == 1 else 'minutes'}."
    return f"{words.REQUEST_STATUS[file.status]}; {asked}."


def _size(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 100_000 else f"{size / 1_000:,.0f} kB"


def _cancel(actor: Actor, file: RequestedFile) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        report_requests.cancel(db, actor, request_id=file.id)
    st.rerun()
