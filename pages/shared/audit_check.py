"""Checking that the audit is whole: in parts, with progress, and a plain verdict at the end (R99)."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import audit, audit_anchors, audit_chain
from core.services.audit_chain import Verdict, Walk
from pages.shared import feedback

VERDICT = "audit.verdict"


def draw(actor: Actor) -> None:
    """What is checked, the button, the verdict."""
    st.write(
        "Every entry seals the one before it with the school's key, and the newest entry is noted every minute in a "
        "file outside the database. So an entry that somebody changed, removed, added or moved is found, and so are "
        "entries that were cut off at the end."
    )
    if st.button("Check the audit", type="primary", icon=":material/verified:"):
        unseen, verdict = False, _run()
        with feedback.refusals_shown(), database.transaction() as db:
            audit.record_check(db, actor, verdict=verdict)
            unseen = audit_anchors.are_missing(db)
        st.session_state[VERDICT] = verdict, unseen
    if VERDICT in st.session_state:
        _say(*st.session_state[VERDICT])


def _run() -> Verdict:
    """Each part in a transaction of its own; leaving the page ends it, and nothing is lost by that."""
    with database.reading() as db:
        size = audit_chain.size(db)
    bar, walk = st.progress(0.0, "Checking"), Walk()
    while not walk.is_over and walk.broken_at is None:
        with database.reading() as db:
            walk = audit_chain.go_on(db, walk)
        bar.progress(min(1.0, walk.entries / max(size, 1)), f"{walk.entries:,} of {size:,} entries fit")
    bar.empty()
    return walk.verdict


def _say(verdict: Verdict, unseen: bool) -> None:
    if verdict.broken_at is None and unseen:
        said = f"The audit is whole {audit_anchors.UNSEEN}. Entries that fit each other: {verdict.entries:,}."
        st.warning(said, icon=":material/warning:")
        return
    if verdict.broken_at is None:
        entries = "The only entry is" if verdict.entries == 1 else f"All {verdict.entries:,} entries are"
        st.success(f"{entries} unbroken.", icon=":material/verified:")
        return
    st.error(
        f"The audit is broken at entry {verdict.broken_at:,}: {verdict.why}. The {verdict.entries:,} entries before it "
        "are unbroken. Copy the database now, and find out who had access to it.",
        icon=":material/gpp_bad:",
    )
