"""Staff and roles: who may do what, for whom, from when to when."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission, Role
from core.rules import words
from core.tables import school, staff
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import acts, cells, export_menu, feedback, guard, roles_dialog


def _list(actor: Actor) -> None:
    text = st.text_input("Search for", placeholder="Name or username", live=True, width=420, on_change=_from_the_first)
    page = Page(int(st.session_state.get("staff.page", 1)))
    with feedback.refusals_shown(), database.reading() as db:
        rows, total = staff.page(db, actor, text=text, page=page), staff.count(db, actor, text=text)
        zone = school.settings(db).time_zone
    if rows.empty:
        st.info("Nobody of the staff matches. Staff get accounts in User Accounts, Create accounts.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{total:,}** accounts of staff. Tick one to give, change or end its roles.", width="content")
        st.space("stretch")
        _export(actor, text, total)
    ids = [int(account_id) for account_id in rows["id"]]
    event = st.dataframe(
        _dress(rows),
        key=f"staff-table-{page.number}-{text}",
        hide_index=True,
        placeholder="",
        height=37 + 35 * min(len(rows), 16),
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Last login": cells.moment_column("Last login", zone),
            "Name": st.column_config.TextColumn(width=190),
            "Username": st.column_config.TextColumn(width=150),
        },
        alt="Staff with their roles",
    )
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key="staff.page")
    chosen = [place for place in event.selection.rows if 0 <= place < len(ids)]
    if chosen and st.button("Manage Roles/Periods", type="primary", icon=":material/admin_panel_settings:"):
        roles_dialog.manage(actor, ids[chosen[0]])


def _from_the_first() -> None:
    """Whoever searches on a later page would find nobody on it."""
    st.session_state.pop("staff.page", None)


def _export(actor: Actor, text: str, total: int) -> None:
    caption = "Who may do what, for whom, from when to when: a row for each role, of all whom the search finds."
    export_menu.draw(actor, "staff", caption=caption, expected=total, said="accounts", more={"asked": text})


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": rows["last_name"] + " " + rows["first_name"],
            "Username": rows["username"],
            "Roles": [_said(held) for held in rows["roles"]],
            "Active": [cells.yes_no(pd.isna(moment)) for moment in rows["deactivated_at"]],
            "Last login": pd.to_datetime(rows["last_sign_in_at"], utc=True),
        }
    )


def _said(held: list[roles_dialog.Held]) -> str:
    if not held:
        return "None: cannot sign in"
    return " · ".join(map(roles_dialog.said, held))


def _what_roles_mean() -> None:
    with st.expander("What each role may do"):
        for role in Role:
            st.markdown(f"**{words.ROLE[role]}**: {words.ROLE_MEANS[role]}")


actor = guard.require(Permission.MANAGE_ROLES)
st.title("Staff and roles")
feedback.said()
acts.undo_offer(actor)
_what_roles_mean()
_list(actor)
