"""The windows of *Manage Roles/Periods*: the roles of one account, and a role for many."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import STAFF_ROLES, Actor, Permission, Role
from core.rules import words
from core.rules.account_acts import EVERYBODY_ALWAYS, Act, Gift
from core.services import account_roles
from core.tables import account_roles as held_roles
from core.tables import options
from core.tables.account_roles import Held
from pages.shared import act_dialogs, feedback, fresh_code, guarded
from pages.shared.act_dialogs import Whom


@guarded.dialog(Permission.MANAGE_ROLES, "Manage Roles/Periods", width="large")
def manage(actor: Actor, account_id: int) -> None:
    """The roles that an account holds, each with its period and scope; then another one."""
    with feedback.refusals_shown(), database.reading() as db:
        held = held_roles.held(db, actor, account_id=account_id)
        sections = options.sections(db, actor)
    if not held:
        st.info("No role yet, so this person cannot sign in. Give one below.", icon=":material/info:")
    for role in held:
        _one(actor, role, sections)
    st.subheader("Add Period and role", divider="gray")
    _give(actor, Whom(account_ids=(account_id,)))


@guarded.dialog(Permission.MANAGE_ROLES, "Assign role for period")
def give_to_selection(actor: Actor, selection_id: int) -> None:
    """One role for all accounts of a selection."""
    _give(actor, Whom(selection_id=selection_id))


def _one(actor: Actor, role: Held, sections: dict[int, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{words.ROLE[role.role]}, {role.period or 'every period'}, {_for_whom(role)}", width="stretch")
        if role.role in STAFF_ROLES - EVERYBODY_ALWAYS:
            with st.popover("Change scope", key=f"roles.scope.{role.id}"):
                everybody, chosen = _scope(f"held.{role.id}", sections, role)
                pressed = st.button("Save scope", key=f"roles.save.{role.id}", type="primary")
                if now_fresh := fresh_code.proved(actor, pressed, key=f"roles.save.{role.id}", act="Save scope"):
                    with feedback.refusals_shown(), database.transaction() as db:
                        change_id = account_roles.change_scope(
                            db, now_fresh, role_id=role.id, everybody=everybody, section_ids=chosen
                        )
                    _done(change_id, f"Changed for whom the role {words.ROLE[role.role]} holds.")
        ended = st.button("End role", key=f"roles.end.{role.id}")
    if now_fresh := fresh_code.proved(actor, ended, key=f"roles.end.{role.id}", act="End role"):
        with feedback.refusals_shown(), database.transaction() as db:
            change_id = account_roles.end(db, now_fresh, role_id=role.id)
        _done(change_id, f"Ended the role {words.ROLE[role.role]}.")


def _done(change_id: int, sentence: str) -> None:
    act_dialogs.remember_change(change_id, sentence, asks=True)
    st.rerun()


def _give(actor: Actor, whom: Whom) -> None:
    with database.reading() as db:
        periods, sections = options.periods(db), options.sections(db, actor)
    period = st.selectbox(
        "Period", [None, *periods], format_func=lambda one: periods[one] if one else "Every period", key="roles.period"
    )
    role = st.selectbox("Role", list(Role), format_func=words.ROLE.__getitem__, index=None, key="roles.role")
    if role is None:
        st.caption("Choose a role: what it allows, and who is left out, is shown before anything happens.")
        return
    everybody, chosen = role in EVERYBODY_ALWAYS, ()
    if role in STAFF_ROLES - EVERYBODY_ALWAYS:
        everybody, chosen = _scope("new", sections, None)
        if not everybody and not chosen:
            st.caption("Choose the classes, or switch to everybody.")
            return
    act_dialogs.ask(actor, Act.GIVE_ROLE, whom, Gift(role, period, everybody, tuple(sorted(chosen))))


def _scope(key: str, sections: dict[int, str], role: Held | None) -> tuple[bool, tuple[int, ...]]:
    """Everybody, or the people of some classes; classes of other periods stay offered where they are held."""
    offered = sections | (dict(zip(role.section_ids, role.sections, strict=True)) if role else {})
    everybody = st.toggle("Everybody", value=role.everybody if role else False, key=f"roles.everybody.{key}")
    if everybody:
        return True, ()
    chosen = st.multiselect(
        "Classes",
        list(offered),
        default=role.section_ids if role else (),
        format_func=offered.__getitem__,
        key=f"roles.sections.{key}",
    )
    return False, tuple(chosen)


def _for_whom(role: Held) -> str:
    if role.everybody:
        return "for everybody"
    if role.role not in STAFF_ROLES:
        return "for themselves"
    return "for " + (", ".join(role.sections) or "no class yet")
