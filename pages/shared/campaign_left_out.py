"""Who was chosen for a campaign and got nothing, and why at that moment."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import left_out
from core.tables import left_out as table
from core.tables.campaigns import Progress
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import check_skipped, feedback, filter_address

_OLDER = "Who they were was not written down: this campaign was launched by an older version of Firstkey."


def draw(actor: Actor, progress: Progress) -> None:
    """The reasons with their numbers; one that is chosen shows its people."""
    if not progress.skipped:
        return
    people = sum(progress.skipped.values())
    said = "1 was left out" if people == 1 else f"{people:,} were left out"
    with st.expander(said, icon=":material/person_off:"):
        chosen = st.pills(
            "**Who got nothing, and why**",
            list(progress.skipped),
            format_func=lambda reason: check_skipped.sentence(reason, progress.skipped[reason]),
            key=f"campaign.reason.{progress.id}",
        )
        if chosen is None:
            st.caption("Choose a reason to see the people.")
            return
        _people(actor, progress, chosen)


def _people(actor: Actor, progress: Progress, chosen: str) -> None:
    number, key = progress.skipped[chosen], f"campaign.left_out.page.{progress.id}.{chosen}"
    page = Page(int(st.session_state.get(key, 1)))
    with database.reading() as db:
        people = table.page(db, actor, campaign_id=progress.id, reason=chosen, page=page)
    if people.empty:
        st.caption(_OLDER)
        return
    shown = people.drop(columns="reason").set_axis(["Last name", "First name", "Username"], axis="columns")
    st.dataframe(shown, hide_index=True, key=f"campaign-left-out-{progress.id}-{chosen}-{page.number}")
    if number > PAGE_SIZE:
        st.pagination(-(-number // PAGE_SIZE), key=key)
    if st.button("Open these people in the list", icon=":material/group_search:"):
        with feedback.refusals_shown(), database.transaction() as db:
            name = left_out.open_list(db, actor, campaign_id=progress.id, reason=chosen)
        st.switch_page(check_skipped.PAGES[name], query_params=filter_address.link({"of_check": "yes"}))
