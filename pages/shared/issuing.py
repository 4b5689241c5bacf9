"""Issuing initial passwords, as a step of a window: what would happen to how many, then the button."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import words
from core.rules.handing_over import Check
from core.services import initial_passwords
from core.services.printed_accounts import Printed
from core.tables import school
from pages.shared import feedback, fresh_code, some_named


def confirm(actor: Actor, *, selection_id: int | None = None, printed: Printed | None = None) -> int:
    """Say what would happen; issue on the button. Gives how many were issued in this run."""
    with feedback.refusals_shown(), database.reading() as db:
        found = initial_passwords.check(db, actor, selection_id=selection_id, printed=printed)
    typed = consequences(found)
    label = "Issue 1 new password" if found.receive == 1 else f"Issue {found.receive:,} new passwords"
    pressed = st.button(label, type="primary", disabled=typed != found.receive or not found.receive)
    now_fresh = fresh_code.proved(actor, pressed, key=f"issue.{selection_id or printed}", act=label)
    if now_fresh is None:
        return 0
    with feedback.refusals_shown(), database.transaction() as db:
        issued = initial_passwords.issue(
            db,
            now_fresh,
            selection_id=selection_id,
            printed=printed,
            expected=found.receive,
            typed_count=typed,
        )
    return issued.receive


def consequences(found: Check) -> int:
    """How many get one, which live ones die and which do not, who is left out. Gives the number seen, or typed."""
    with database.reading() as db:
        days = school.settings(db).slip_days
    st.write(f"To be issued: **{found.receive:,}**. They work for {days} days, each once.")
    if found.replaced:
        st.warning(
            f"Live initial passwords that stop working at once: {found.replaced:,}. Slips with them are then useless.",
            icon=":material/sync_problem:",
        )
    if found.links:
        st.caption(f"Live links that keep working: {found.links:,}. To end them, use Void open links first.")
    for reason, number in found.left_out.items():
        who = some_named.some(found.names.get(reason, ()), number)
        st.caption(f"**{number:,}** left out because {words.NO_PASSWORD[reason]}{who}")
    if not found.typed_count_wanted:
        return found.receive
    text = st.text_input(f"So many at once? Type {found.receive} to go on.", key="issuing.typed", max_chars=9)
    return int(text) if text.strip().isdecimal() else 0
