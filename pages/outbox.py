"""Outbox: what would have been sent, with its links."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.services import outbox
from core.tables import school
from pages.shared import cells, feedback, fresh_code, guard, guarded

PAGE_SIZE = 20


def _list(actor: Actor) -> None:
    number = int(st.session_state.get("outbox.page", 1))
    with database.reading() as db:
        shown, total = outbox.page(db, actor, number=number, size=PAGE_SIZE)
        settings = school.settings(db)
    if settings.is_demo:
        st.caption(
            "In the demo every message ends here. Open one, and its link in a private window, as the student would."
        )
    else:
        st.caption("No mail server is set, so messages are written here. Opening one is written to the audit.")
    if not total:
        st.info("The outbox is empty. What you send while no mail server is set appears here.")
        return
    for item in shown:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            with st.container(gap=None):
                st.text(item.subject)
                st.caption(f"{cells.moment_words(item.at, settings.time_zone)}")
                st.text(item.to)
            if st.button("Open", key=f"open_{item.name}"):
                _message(actor, item.name)
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key="outbox.page")


@guarded.dialog(Permission.SEND, "Message", width="large")
def _message(actor: Actor, name: str) -> None:
    with database.reading() as db:
        is_demo = school.settings(db).is_demo
    acting = actor if is_demo else fresh_code.proved(actor, True, key=f"outbox.{name}", act="Open this message")
    if acting is None:
        return
    with feedback.refusals_shown(), database.transaction() as db:
        found = outbox.read(db, acting, name=name)
    st.text(f"To: {found.to}\nSubject: {found.subject}")
    st.divider()
    for line in filter(None, found.text.splitlines()):
        if line.startswith(("http://", "https://")) and "/i/" in line:
            st.link_button("Open the link of this message", line, icon=":material/open_in_new:")
            st.code(line, language=None)
        else:
            st.text(line)


actor = guard.require(Permission.SEND)
st.title("Outbox")
with feedback.refusals_shown():
    _list(actor)
