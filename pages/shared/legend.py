"""*Legend*: every state of an account with its colour, symbol, word and meaning."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.rules import words

DOT = '<span aria-hidden="true" style="color:{colour}">&#11044;</span>'


def draw() -> None:
    """A window with one line a state, in the order in which the states are asked."""
    window = st.popover("Legend", icon=":material/palette:", type="tertiary", key="legend", on_change="rerun")
    with window:
        if window.open:
            st.caption("The first that holds is the state of an account.")
            for said in words.ACCOUNT_STATE.values():
                _line(said)


def _line(said: words.StateWords) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(DOT.format(colour=escape(said.colour)), width="content")
        st.markdown(f":material/{said.icon}: **{said.label}**: {said.meaning}")
