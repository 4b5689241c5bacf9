"""The filter of the audit: a form, so that nothing is searched while somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import audit_words
from core.tables import audit as table
from core.tables import found_people
from core.tables.filters import AuditFilter
from pages.shared import feedback, filters, guardian_form

_WHOM = {"student": "Student", "guardian": "Parent/Guardian", "staff": "Staff"}
ASKED, FORM = "audit.asked", "audit.form"
SOUGHT = (
    "Part of a name, the address from which it was done, or the number of an entry. What was done to several people at "
    "once is found for each of them under Done to one person."
)
_ACTIONS = dict(sorted(((code, said.words) for code, said in audit_words.ACTION.items()), key=lambda one: one[1]))


def asked() -> AuditFilter:
    """What was searched last in this tab."""
    latest: AuditFilter = st.session_state.get(ASKED, AuditFilter())
    return latest


def draw(actor: Actor) -> None:
    """The form, and the person whom entries are about."""
    now, version = asked(), st.session_state.get(f"{ASKED}.version", 0)
    with database.reading() as db:
        who = table.actors(db, actor)
    with st.form(f"{FORM}.{version}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            answers = _first_line(now, who)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            answers |= _second_line(now)
            searched = st.form_submit_button("Search", type="primary")
            cleared = st.form_submit_button("Clear")
    if cleared:
        _ask(AuditFilter())
    elif searched:
        _ask(AuditFilter.from_json(now.as_json() | answers))
    _person(actor, now)


def _first_line(now: AuditFilter, who: Mapping[int, str]) -> dict[str, Any]:
    text = st.text_input("Search for", now.text, placeholder="Name, address or number", help=SOUGHT)
    account = st.selectbox(
        "Who", [None, *who], _place([None, *who], now.account_id), format_func=lambda one: who.get(one or 0, "Anybody")
    )
    kinds = st.multiselect(
        "What sort of act",
        list(audit_words.KIND),
        now.kinds,
        format_func=audit_words.KIND.__getitem__,
        width=280,
        placeholder="All",
    )
    return {"text": text.strip(), "account_id": account, "kinds": [str(kind) for kind in kinds]}


def _second_line(now: AuditFilter) -> dict[str, Any]:
    actions = st.multiselect(
        "What exactly", list(_ACTIONS), now.actions, format_func=_ACTIONS.__getitem__, width=280, placeholder="All"
    )
    results = list(audit_words.RESULT)
    result = st.multiselect(
        "Result", results, now.results, format_func=audit_words.RESULT.__getitem__, width=190, placeholder="All"
    )
    campaign = st.number_input("Campaign", 1, 2**31 - 1, now.campaign_id, width=100, placeholder="Any")
    since = st.date_input("From", filters.day_of(now.since), format="DD/MM/YYYY", width=140)
    until = st.date_input("To", filters.day_of(now.until), format="DD/MM/YYYY", width=140)
    return {
        "actions": actions,
        "results": result,
        "campaign_id": int(campaign) if campaign else None,
        "since": since.isoformat() if isinstance(since, date) else "",
        "until": until.isoformat() if isinstance(until, date) else "",
    }


def _person(actor: Actor, now: AuditFilter) -> None:
    """One person to whom it was done: found by a search, as their name alone may be another's."""
    with st.popover("Done to one person" if now.person_id is None else "Done to one person: chosen"):
        if now.person_id is not None and st.button("Take the person out"):
            _ask(replace(now, person_id=None))
        kind = st.segmented_control(
            "Of whom", list(_WHOM), default="student", format_func=_WHOM.__getitem__, key="audit.kind"
        )
        text = st.text_input("Find the person", placeholder="Name, code, e-mail or phone", live=True)
        with feedback.refusals_shown(), database.reading() as db:
            actor.require(Permission.SEE_AUDIT)
            found = found_people.look(db, actor, kind=kind or "student", text=text)
        for one in found:
            if st.button(feedback.plain(guardian_form.said(one)), key=f"audit.person.{one.id}", type="tertiary"):
                _ask(replace(now, person_id=one.id))


def _ask(wanted: AuditFilter) -> None:
    st.session_state[ASKED] = wanted
    st.session_state[f"{ASKED}.version"] = st.session_state.get(f"{ASKED}.version", 0) + 1
    st.session_state.pop("audit.page", None)
    st.rerun()


def _place(options: list[Any], value: Any) -> int:
    return options.index(value) if value in options else 0
