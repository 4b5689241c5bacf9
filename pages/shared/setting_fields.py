"""The questions of the settings: each with its label, its answer of now, and its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core import database
from core.models import SchoolSettings
from core.permissions import Actor
from core.rules.setting_words import SETTINGS
from core.services import school
from pages.shared import drawn, feedback, fresh_code


@dataclass
class Fields:
    """One form of settings. `changes` are the answers, by field."""

    now: SchoolSettings
    changes: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str, **options: Any) -> None:
        self.changes[name] = st.text_input(self._label(name), getattr(self.now, name), **options)
        self._sentence(name)

    def number(self, name: str, low: int, high: int) -> None:
        self.changes[name] = int(st.number_input(self._label(name), low, high, getattr(self.now, name)))
        self._sentence(name)

    def money(self, name: str, *, step: float) -> None:
        value = st.number_input(self._label(name), 0.0, None, getattr(self.now, name), step=step, format="%.4g")
        self.changes[name] = value
        self._sentence(name)

    def switch(self, name: str, **options: Any) -> None:
        self.changes[name] = st.toggle(self._label(name), getattr(self.now, name), **options)
        self._sentence(name)

    def one(self, name: str, options: Sequence[str], called: Callable[[str], str] = str) -> None:
        place = list(options).index(getattr(self.now, name))
        self.changes[name] = st.selectbox(self._label(name), options, place, format_func=called)
        self._sentence(name)

    def many(self, name: str, options: Sequence[str], called: Callable[[str], str] = str) -> None:
        chosen = getattr(self.now, name)
        self.changes[name] = st.multiselect(
            self._label(name), options, chosen, format_func=called, placeholder="None", key=anew(name, chosen)
        )
        self._sentence(name)

    def stored(self) -> dict[str, Any]:
        """What the fields were drawn from."""
        return {name: getattr(self.now, name) for name in self.changes}

    def heading(self, name: str) -> None:
        """A setting that has an answer for each user type: its name and sentence stand above them."""
        st.markdown(f"**{self._label(name)}**")
        self._sentence(name)

    @staticmethod
    def _label(name: str) -> str:
        return SETTINGS[name].label

    @staticmethod
    def _sentence(name: str) -> None:
        st.caption(feedback.plain(SETTINGS[name].sentence))


def anew(name: str, stored: object) -> str:
    """The key of a field that keeps its answer by its key: when another value is stored, it begins with that one."""
    return f"settings.{name}.{stored}"


def button(actor: Actor, fields: Fields, pressed: bool, *, of: str) -> None:
    """What the button of a form does: whoever did not prove lately who they are does so first (R31).

    Nothing is saved over what somebody else saved after this page was drawn.
    """
    seen = drawn.before(f"settings.{of}.seen", of, fields.stored())
    with feedback.refusals_shown():
        if pressed:
            school.refuse_if_changed(fields.now, seen)
    if now_fresh := fresh_code.proved(actor, pressed, key=f"settings.{of}", act="Save"):
        save(now_fresh, fields.changes, seen=fields.stored())


def save(actor: Actor, changes: Mapping[str, Any], *, seen: Mapping[str, Any]) -> None:
    """All of a form or nothing; what was changed is said by its labels."""
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes, seen=seen)
        labels = ", ".join(SETTINGS[name].label for name in changed)
        feedback.later(f"Saved: {labels}." if changed else "Nothing was changed.")
        st.rerun()
