"""Lists without rows: what belongs here, and the first step."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from core.permissions import Actor, Permission
from core.tables.filters import AccountFilter, StudentFilter


def students(actor: Actor, asked: StudentFilter, chips: list[str]) -> NoReturn:
    """Nobody matches, or nobody is there yet."""
    if not asked.is_empty:
        _relax("No student matches.", chips)
    with st.container(border=True):
        st.subheader("No students yet")
        st.write("Here stand the students of your school with their classes, addresses and accounts.")
        if actor.may(Permission.IMPORT):
            st.page_link("imports.py", label="Import your students", icon=":material/upload_file:")
    st.stop()


def accounts(actor: Actor, asked: AccountFilter, chips: list[str]) -> NoReturn:
    """No account matches, or there is none yet."""
    if not asked.is_empty:
        _relax("No account matches.", chips)
    with st.container(border=True):
        st.subheader("No accounts yet")
        st.write("Here stand the accounts of students, parents and staff. They are made in the Students List.")
        if actor.may(Permission.CREATE_ACCOUNTS):
            st.page_link("students.py", label="Create accounts for your students", icon=":material/person_add:")
    st.stop()


def _relax(sentence: str, chips: list[str]) -> NoReturn:
    with st.container(border=True):
        st.subheader(sentence)
        st.text("Asked for: " + " · ".join(chips))
        st.write("Take one of these out, or press Clear.")
    st.stop()
