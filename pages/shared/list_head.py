"""The head of a list: its title, and the ways in which people come into it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.permissions import Actor, Permission


def draw(actor: Actor, title: str, *, new: Mapping[str, str]) -> None:
    """`new` maps a kind of person to the words of its button."""
    with st.container(horizontal=True, vertical_alignment="center", key="list-head"):
        st.title(title, width="content")
        st.space("stretch")
        if actor.may(Permission.EDIT_STUDENTS):
            for kind, label in new.items():
                if st.button(label, icon=":material/person_add:"):
                    st.switch_page("new_person.py", query_params={"kind": kind})
        if actor.may(Permission.IMPORT):
            st.page_link("imports.py", label="Import", icon=":material/upload_file:", width="content")
