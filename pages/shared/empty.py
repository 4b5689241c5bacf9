"""Lists without rows: which answer of the filter to take out; or what belongs here, and the first step."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from pages.shared import chips, feedback, filters
from pages.shared.chips import Chip
from pages.shared.listing import AnyFilter, Listing


def explain(actor: Actor, listing: Listing, shown: Sequence[Chip]) -> None:
    """Nobody matches, or nobody is there yet."""
    with st.container(border=True):
        if not listing.filter.is_empty:
            _relax(actor, listing, shown)
        elif listing.name == "students":
            no_students(actor)
        else:
            no_accounts(actor)


def _relax(actor: Actor, listing: Listing, shown: Sequence[Chip]) -> None:
    """Each answer with what would be found without it."""
    st.subheader(f"No {listing.noun.removesuffix('s')} matches.")
    if not shown:
        st.write("Press Clear to see everybody.")
        return
    st.write("All of this was asked for at once. Take one out:")
    with database.reading() as db:
        found = [listing.count(db, actor, chips.without(listing.filter, chip)) for chip in shown]
    with st.container(horizontal=True, gap="xsmall"):
        for chip, number in sorted(zip(shown, found, strict=True), key=lambda one: -one[1]):
            _offer(listing, chip, number)
    if not any(found):
        st.caption("None of these alone is enough. Take out several, or press Clear.")


def _offer(listing: Listing, chip: Chip, number: int) -> None:
    st.button(
        f"Without {feedback.plain(chip.label)} there would be {number:,}",
        key=f"{listing.name}.relax.{chip.field}.{chip.value}",
        icon=":material/filter_alt_off:",
        type="secondary" if number else "tertiary",
        on_click=_without,
        args=(listing, chip),
    )


def _without(listing: Listing, chip: Chip) -> None:
    smaller: AnyFilter = chips.without(listing.filter, chip)
    filters.ask(listing.name, smaller)


def no_students(actor: Actor) -> None:
    """What belongs here, and how they come."""
    if not actor.scope.everybody:
        _nobody_of_yours()
        return
    st.subheader("No students yet")
    st.write("Here stand the students of your school with their classes, addresses and accounts.")
    if actor.may(Permission.IMPORT):
        st.page_link("imports.py", label="Import your students", icon=":material/upload_file:")


def no_accounts(actor: Actor) -> None:
    """What belongs here, and how they are made."""
    if not actor.scope.everybody:
        _nobody_of_yours()
        return
    st.subheader("No accounts yet")
    st.write(
        "Here stand the accounts of students, parents and staff. Those of students are made in the Students List, "
        "those of others here with Create accounts, or one by one on their cards."
    )
    if actor.may(Permission.CREATE_ACCOUNTS):
        st.page_link("students.py", label="Create accounts for your students", icon=":material/person_add:")


def _nobody_of_yours() -> None:
    """The school has people; whoever looks sees those of some classes."""
    st.subheader("Nobody in your classes")
    st.write(
        "You see the people of the classes, grades or schools that your role is for, and just now nobody is in them. "
        "If you miss somebody, ask your school's office."
    )
