"""The windows of *Manage Roles/Periods*: the roles of one account, and a role for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from core import database
from core.permissions import STAFF_ROLES, Actor, Permission, Role
from core.rules import words
from core.rules.account_acts import EVERYBODY_ALWAYS, Act, Gift, Reach
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
    offered = _offered(actor)
    if not held:
        st.info("No role yet, so this person cannot sign in. Give one below.", icon=":material/info:")
    for role in held:
        _one(actor, role, offered)
    st.subheader("Add Period and role", divider="gray")
    _give(actor, Whom(account_ids=(account_id,)))


@guarded.dialog(Permission.MANAGE_ROLES, "Assign role for period")
def give_to_selection(actor: Actor, selection_id: int) -> None:
    """One role for all accounts of a selection."""
    _give(actor, Whom(selection_id=selection_id))


def _one(actor: Actor, role: Held, offered: Offered) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{words.ROLE[role.role]}, {role.period or 'every period'}, {in_words(role)}", width="stretch")
        if role.role in STAFF_ROLES - EVERYBODY_ALWAYS:
            with st.popover("Change scope", key=f"roles.scope.{role.id}"):
                _change_scope(actor, role, offered)
        with st.popover("Change days", key=f"roles.days.{role.id}"):
            _change_days(actor, role)
        ended = st.button("End role", key=f"roles.end.{role.id}")
    if now_fresh := fresh_code.proved(actor, ended, key=f"roles.end.{role.id}", act="End role"):
        with feedback.refusals_shown(), database.transaction() as db:
            change_id = account_roles.end(db, now_fresh, role_id=role.id)
        _done(change_id, f"Ended the role {words.ROLE[role.role]}.")


def _change_scope(actor: Actor, role: Held, offered: Offered) -> None:
    wanted = _reach(f"held.{role.id}", offered, role)
    pressed = st.button("Save scope", key=f"roles.save.{role.id}", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"roles.save.{role.id}", act="Save scope"):
        with feedback.refusals_shown(), database.transaction() as db:
            change_id = account_roles.change_scope(
                db,
                now_fresh,
                role_id=role.id,
                everybody=wanted.everybody,
                section_ids=wanted.section_ids,
                grades=wanted.grades,
                schools=wanted.schools,
            )
        _done(change_id, f"Changed for whom the role {words.ROLE[role.role]} holds.")


def _change_days(actor: Actor, role: Held) -> None:
    first, last = _days(f"held.{role.id}", role.starts_on, role.ends_on)
    pressed = st.button("Save days", key=f"roles.save_days.{role.id}", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"roles.save_days.{role.id}", act="Save days"):
        with feedback.refusals_shown(), database.transaction() as db:
            change_id = account_roles.change_dates(db, now_fresh, role_id=role.id, starts_on=first, ends_on=last)
        _done(change_id, f"Changed from when to when the role {words.ROLE[role.role]} holds.")


def _done(change_id: int, sentence: str) -> None:
    act_dialogs.remember_change(change_id, sentence, asks=True)
    st.rerun()


def _give(actor: Actor, whom: Whom) -> None:
    with database.reading() as db:
        periods = options.periods(db)
    offered = _offered(actor)
    period = st.selectbox(
        "Period", [None, *periods], format_func=lambda one: periods[one] if one else "Every period", key="roles.period"
    )
    role = st.selectbox("Role", list(Role), format_func=words.ROLE.__getitem__, index=None, key="roles.role")
    if role is None:
        st.caption("Choose a role: what it allows, and who is left out, is shown before anything happens.")
        return
    st.caption(words.ROLE_MEANS[role])
    wanted = Reach(role in EVERYBODY_ALWAYS)
    if role in STAFF_ROLES - EVERYBODY_ALWAYS:
        wanted = _reach("new", offered, None)
        if wanted == Reach():
            st.caption("Choose classes, grades or schools, or switch to everybody.")
            return
    first, last = _days("new", None, None)
    more = (wanted.everybody, wanted.section_ids, wanted.grades, wanted.schools, first, last)
    act_dialogs.ask(actor, Act.GIVE_ROLE, whom, Gift(role, period, *more))


@dataclass(frozen=True)
class Offered:
    """What a scope can be chosen from."""

    sections: dict[int, str]
    grades: list[str]
    schools: list[str]


def _offered(actor: Actor) -> Offered:
    with database.reading() as db:
        return Offered(options.sections(db, actor), options.grades(db, actor), options.schools(db))


def _reach(key: str, offered: Offered, role: Held | None) -> Reach:
    """Everybody, or the people of classes, grades, schools; what is held stays offered, of whatever period it is."""
    sections = offered.sections | (dict(zip(role.section_ids, role.sections, strict=True)) if role else {})
    if st.toggle("Everybody", value=role.everybody if role else False, key=f"roles.everybody.{key}"):
        return Reach(True)
    chosen = st.multiselect(
        "Classes",
        list(sections),
        default=role.section_ids if role else (),
        format_func=sections.__getitem__,
        key=f"roles.sections.{key}",
    )
    grades = _names("Grades", offered.grades, role.grades if role else (), f"roles.grades.{key}")
    schools = _names("Schools", offered.schools, role.schools if role else (), f"roles.schools.{key}")
    return Reach(False, tuple(chosen), grades, schools)


def _names(label: str, offered: Sequence[str], held: Sequence[str], key: str) -> tuple[str, ...]:
    """Not asked where there is nothing to choose from."""
    options = list(dict.fromkeys((*offered, *held)))
    if not options:
        return ()
    whole = "Whole " + label.lower()
    return tuple(
        st.multiselect(whole, options, held, key=key, help="Its classes of every year, without choosing anew.")
    )


def _days(key: str, first: date | None, last: date | None) -> tuple[date | None, date | None]:
    left, right = st.columns(2)
    begins = left.date_input("From, if not at once", first, format="DD/MM/YYYY", key=f"roles.from.{key}")
    ends = right.date_input("Until, if not for good", last, format="DD/MM/YYYY", key=f"roles.until.{key}")
    return begins, ends


def in_words(role: Held) -> str:
    """For whom and from when to when: for 7A, grade 8, until 30 Jun 2027."""
    begins = f", from {role.starts_on:%-d %b %Y}" if role.starts_on else ""
    ends = f", until {role.ends_on:%-d %b %Y}" if role.ends_on else ""
    return f"for {role.whom}{begins}{ends}"


def said(held: Held) -> str:
    """A role whole, and whether it counts today: Teacher for 7A, until 30 Jun 2027 (2026-2027)."""
    period = f" ({held.period})" if held.period else ""
    return f"{words.ROLE[held.role]} {in_words(held)}{period}{'' if held.in_force else ', not in force today'}"
