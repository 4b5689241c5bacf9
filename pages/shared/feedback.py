"""Refusals as sentences, and what was done as a line that survives the rerun."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import AppError, FreshCodeRequired, InputProblem, NotAllowed, NotFound, Sought
from core.web import denials
from pages.shared import guard, runs

_DONE, _REFUSED = "feedback.done", "feedback.refused"
_ADDRESS = re.compile(r"(?<=@)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


@contextmanager
def refusals_shown(*, sought: Sought | None = None) -> Iterator[None]:
    """A refusal inside is shown to the person and ends the run; anything else is a bug and goes on.

    `sought` is what is asked for by an id that came from the browser.
    """
    try:
        yield
    except AppError as refusal:
        show(refusal, sought=sought)
        st.stop()


@contextmanager
def refusals_later() -> Iterator[None]:
    """For callbacks, which run before the page is drawn: the refusal is said at the top of the page.

    That a fresh code is wanted is for whoever can ask for it.
    """
    runs.begin()
    try:
        yield
    except FreshCodeRequired:
        raise
    except AppError as refusal:
        note(refusal)
        st.session_state[_REFUSED] = str(refusal)


def show(refusal: AppError, *, sought: Sought | None = None) -> None:
    """A refusal is said where it happened, and what follows is still drawn."""
    note(refusal, sought)
    hint = f" {refusal.hint}" if isinstance(refusal, InputProblem) and refusal.hint else ""
    st.error(f"{plain(str(refusal))}{plain(hint)}", icon=":material/info:")


def note(refusal: AppError, sought: Sought | None = None) -> None:
    """A denial goes into the audit."""
    if isinstance(refusal, NotAllowed | NotFound):
        denials.note(guard.look_up(), refusal, sought=sought)


def later(sentence: str) -> None:
    """Say `sentence` at the top of the next run."""
    st.session_state[_DONE] = sentence


def is_waiting() -> bool:
    """Whether the last run left something to be said."""
    return bool(st.session_state.get(_DONE) or st.session_state.get(_REFUSED))


def said() -> bool:
    """Say what the last run left to be said, once; whether there was something."""
    done, refused = st.session_state.pop(_DONE, ""), st.session_state.pop(_REFUSED, "")
    if done:
        st.success(plain(done), icon=":material/check:")
    if refused:
        st.error(plain(refused), icon=":material/info:")
    return bool(done or refused)


def plain(text: str) -> str:
    """Names are no Markdown, and addresses in them no links (R53).

    Markdown looks for them after it has taken the backslashes out: what breaks one is a space of no width.
    """
    broken = _ADDRESS.sub("\u200b", text)
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-!|<>:$~@" else letter for letter in broken)
