"""The window of *Create in Microsoft 365*: the dry run first, then exactly that."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core import database
from core.delivery import engine
from core.models import SchoolSettings
from core.permissions import Actor, Permission
from core.rules import directory_words
from core.rules.microsoft_accounts import Plan
from core.services import directory_creation
from core.tables import school
from pages.shared import drawn, feedback, fresh_code, guarded

SAMPLE = 200


def offer(actor: Actor, number: int) -> None:
    """The button above those who are without a match."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Create in Microsoft 365 …", type="primary", icon=":material/person_add:", disabled=not number):
            confirm(actor)
        st.caption("First a window says who would be created, and under which address.")


@guarded.dialog(Permission.MANAGE_DIRECTORY, "Create in Microsoft 365", width="large")
def confirm(actor: Actor) -> None:
    with feedback.refusals_shown(), database.reading() as db:
        plan, own = directory_creation.preview(db, actor), school.settings(db)
    seen = drawn.before("directory.create.seen", "plan", plan.seen)
    _explain(plan, own)
    typed = _typed(plan, own)
    label = f"Create {len(plan.new):,} in Microsoft 365"
    pressed = st.button(label, type="primary", disabled=not plan.new or typed not in (None, len(plan.new)))
    if now_fresh := fresh_code.proved(actor, pressed, key=f"directory.create.{seen}", act=label):
        with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            directory_creation.launch(db, now_fresh, seen=seen, typed_count=typed)
        engine.start_directory()
        st.rerun()


def _explain(plan: Plan, own: SchoolSettings) -> None:
    st.write(f"To be created: **{len(plan.new):,}**. Left out: **{len(plan.skipped):,}**.")
    for reason, number in Counter(skipped.reason for skipped in plan.skipped).most_common():
        st.caption(f"Left out because {directory_words.NOT_CREATED[reason]}: {number:,}")
    if plan.new:
        rows = [(f"{new.surname} {new.given_name}", new.employee_id, new.address) for new in plan.new[:SAMPLE]]
        frame = pd.DataFrame(rows, columns=["Name", "Code", "Address"])
        st.dataframe(frame, hide_index=True, height=min(320, 37 + 35 * len(rows)), alt="Addresses that will be given")
        if len(plan.new) > SAMPLE:
            st.caption(f"The first {SAMPLE} of {len(plan.new):,}.")
    group = "is put into the licence group of Settings" if own.microsoft_licence_group else "gets no licence from here"
    st.caption(f"Everybody {group}, with {own.default_region} as the country in which licences are used.")
    st.caption(
        "Each gets a random initial password, which Microsoft has them change when they first sign in. "
        "No message holds it."
    )


def _typed(plan: Plan, own: SchoolSettings) -> int | None:
    if len(plan.new) <= own.typed_count_above:
        return None
    text = st.text_input(f"So many at once? Type {len(plan.new)} to go on.", key="directory.typed")
    return int(text) if text.strip().isdecimal() and len(text) < 10 else 0
