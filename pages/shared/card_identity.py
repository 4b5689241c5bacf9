"""The left side of a card: who this is, how the account stands, and the verdict that matters."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.rules import words
from core.rules.account_state import AccountState
from core.rules.reachability import Verdict
from pages.shared import cells


def draw(name: str, facts: Mapping[str, str], state: AccountState) -> None:
    """Name, facts, state."""
    said = words.ACCOUNT_STATE[state]
    with st.container(key="card_name"):
        st.text(name, width="stretch")
    for label, value in facts.items():
        if value:
            with st.container(horizontal=True, gap="small"):
                st.caption(label, width=80)
                st.text(value)
    st.badge(said.label, icon=f":material/{said.icon}:", color="gray", help=said.meaning)


def verdict(question: str, found: Verdict, *, masks: bool) -> None:
    """Yes, to whom; no, and why."""
    if found.refusal is not None:
        st.text(f"{question}: no, because: {words.REFUSAL[found.refusal]}.")
    else:
        st.text(f"{question}: yes." if masks else f"{question}: yes, to {found.address}.")


def user_type(code: str) -> str:
    """The user type in words."""
    return cells.said(words.USER_TYPE, code)
