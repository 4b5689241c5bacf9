"""Wordings: the texts of all messages, with what they will look like while they are typed."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from pages.shared import feedback, guard, wording_editor

actor = guard.require(Permission.CHANGE_SETTINGS)
st.title("Wordings")
feedback.said()
with feedback.refusals_shown():
    wording_editor.draw(actor)
