"""The view *No reachable contact* as a work queue: the addresses of its page can be typed in under the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from sqlmodel import Session

from core import database
from core.delivery import engine
from core.errors import AppError, Conflict, InputProblem, Sought
from core.permissions import Actor, Permission
from core.rules import person_fields
from core.rules.list_views import NO_CONTACT
from core.services import people
from core.tables import contacts, school
from core.tables.contacts import Contacts
from pages.shared import feedback
from pages.shared.listing import Listing, Shown, digest

TITLES = {
    "personal_email": "Personal e-mail",
    "use_personal_email": "Use Personal E-mail",
    "contact_email": "Contact e-mail",
    "mobile": "Mobile",
}
_USED = "Invitations go to"
Changes = dict[int, dict[str, Any]]


def draw(actor: Actor, listing: Listing, shown: Shown) -> None:
    """The editor, where the list shows those who cannot be reached."""
    if listing.filter.states != tuple(NO_CONTACT.filter["states"]):  # type: ignore[arg-type]
        return
    if not (actor.may(Permission.EDIT_STUDENTS) and actor.may(Permission.SEE_CONTACTS)):
        return
    held = _held(actor, listing, shown)
    with st.form(f"{listing.name}.repairs.form"):
        st.subheader("Put addresses right")
        st.caption(
            "Type or paste into the cells. The second column says which address invitations go to; the personal e-mail "
            "counts only while Use Personal E-mail is on. Nothing is stored before you press Save."
        )
        edited = st.data_editor(
            _frame(held, st.session_state.get(f"{listing.name}.repairs.typed", {})),
            key=_key(listing, held),
            hide_index=True,
            disabled=["Name", _USED],
            height=min(430, 37 + 35 * len(held)),
            alt="Addresses of the people on this page",
        )
        saved = st.form_submit_button("Save addresses", type="primary")
    if saved:
        save(actor, listing.name, held, _changes(held, edited))


def _held(actor: Actor, listing: Listing, shown: Shown) -> list[Contacts]:
    """What the editor was drawn from. While it has edits nothing is read anew: a change is based on what was seen."""
    ids = list(shown.rows["person_id" if listing.name == "accounts" else "id"])
    held: list[Contacts] = st.session_state.get(f"{listing.name}.repairs", [])
    edits = st.session_state.get(_key(listing, held), {})
    if edits and edits["edited_rows"] and {one.person_id for one in held} == set(ids):
        return held
    with database.reading() as db:
        fresh = contacts.of_people(db, actor, person_ids=ids)
    if {one.person_id for one in held} != set(ids):
        st.session_state.pop(f"{listing.name}.repairs.typed", None)
    st.session_state[f"{listing.name}.repairs"] = fresh
    return fresh


def _key(listing: Listing, held: list[Contacts]) -> str:
    return f"{listing.name}.repairs.{digest([(one.person_id, one.updated_at) for one in held])}"


def _frame(held: list[Contacts], typed: Mapping[int, Mapping[str, Any]]) -> pd.DataFrame:
    """What is stored, under what was typed and not stored yet."""
    rows = [
        {"Name": one.name, _USED: TITLES["personal_email" if one.by_personal else "contact_email"]}
        | {title: typed.get(one.person_id, {}).get(field, getattr(one, field)) for field, title in TITLES.items()}
        for one in held
    ]
    return pd.DataFrame(rows, columns=["Name", _USED, *TITLES.values()])


def _changes(held: list[Contacts], edited: pd.DataFrame) -> Changes:
    """Which fields of which row are another now."""
    changes: Changes = {}
    for place, one in enumerate(held):
        now = {field: edited.iloc[place][title] for field, title in TITLES.items()}
        texts = {field: value if isinstance(value, str) else "" for field, value in now.items()}
        wanted = texts | {"use_personal_email": bool(now["use_personal_email"])}
        if changed := {field: value for field, value in wanted.items() if getattr(one, field) != value}:
            changes[place] = changed
    return changes


def save(actor: Actor, name: str, held: list[Contacts], changes: Changes) -> None:
    """All rows or none; what cannot be stored is named with its row."""
    if not changes:
        st.info("Nothing was typed yet, so nothing was stored.", icon=":material/info:")
        return
    refused = store(actor, held, changes)
    if refused:
        _take_over(actor, name, held, changes)
        st.error("Nothing was stored yet. Put these right and save again.", icon=":material/info:")
        for sentence in refused:
            st.text(sentence)
        return
    feedback.later(_stored_for(actor, [held[place].person_id for place in changes]))
    _forget(name)
    st.rerun()


def _stored_for(actor: Actor, person_ids: list[int]) -> str:
    """For how many; and how many of them cannot be written to even so."""
    number = len(person_ids)
    with database.reading() as db:
        lost = contacts.unreachable(db, actor, person_ids=person_ids)
    still = f" {lost:,} of them still cannot be reached: fill the address that invitations go to." if lost else ""
    return f"Addresses stored for {number:,} {'person' if number == 1 else 'people'}.{still}"


def _take_over(actor: Actor, name: str, held: list[Contacts], changes: Changes) -> None:
    """Where somebody else changed a row, it is shown as they left it; the others keep what was typed."""
    with database.reading() as db:
        fresh = contacts.of_people(db, actor, person_ids=[one.person_id for one in held])
    stands = {one.person_id: one.updated_at for one in held}
    moved = [one for one in fresh if one.updated_at != stands[one.person_id]]
    if not moved:
        return
    typed = {held[place].person_id: wanted for place, wanted in changes.items()}
    _forget(name)
    st.session_state[f"{name}.repairs.typed"] = {
        person_id: wanted for person_id, wanted in typed.items() if person_id not in {one.person_id for one in moved}
    }
    st.session_state[f"{name}.repairs"] = fresh
    names = ", ".join(one.name for one in moved[:5])
    with feedback.refusals_later():
        raise Conflict(
            f"Nothing was stored yet. Somebody else changed {names}: their rows stand here as they are now. "
            "All others are as you typed them. Look at them, then save again."
        )
    st.rerun()


def _forget(name: str) -> None:
    for key in ("repairs", "repairs.typed"):
        st.session_state.pop(f"{name}.{key}", None)


class _NothingStored(Exception):
    """Undoes the rows before the one that was refused."""


def store(actor: Actor, held: list[Contacts], changes: Changes) -> list[str]:
    """Store the rows in one transaction; gives what was refused, with the row, and then stored none."""
    refused: list[tuple[int, AppError]] = []
    notices: list[int] = []
    try:
        with database.transaction() as db:
            region = school.settings(db).default_region
            for place, wanted in changes.items():
                one = held[place]
                bad: list[AppError] = [*person_fields.problems(one.kind, wanted, region=region).values()]
                bad = bad or _stored(db, actor, one, wanted, notices)
                refused += [(place, refusal) for refusal in bad]
            if refused:
                raise _NothingStored
    except _NothingStored:
        for place, refusal in refused:
            feedback.note(refusal, Sought("person", held[place].person_id))
        return [_sentence(place, held[place], refusal, changes[place]) for place, refusal in refused]
    engine.start(*notices)
    return []


def _stored(db: Session, actor: Actor, one: Contacts, wanted: dict[str, Any], notices: list[int]) -> list[AppError]:
    try:
        saved = people.save(db, actor, person_id=one.person_id, seen=one.updated_at, **wanted)
    except AppError as refusal:
        return [refusal]
    notices += saved.notices
    return []


def _sentence(place: int, one: Contacts, refusal: AppError, wanted: dict[str, Any]) -> str:
    row = f"Row {place + 1}, {one.name}"
    if not isinstance(refusal, InputProblem):
        return f"{row}: {refusal}"
    field = f", {TITLES.get(refusal.field, refusal.field)} “{wanted.get(refusal.field, '')}”"
    return f"{row}{field}: {refusal} {refusal.hint}".strip()
