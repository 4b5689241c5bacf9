"""What was on screen when a button was pressed: the run that follows finds what is there by then."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def before(name: str, about: object, now: T) -> T:
    """What the run before drew about the same thing; `now` is kept for the next run. To be asked once a run."""
    then, seen = st.session_state.get(name, (None, now))
    st.session_state[name] = (about, now)
    return seen if then == about else now
