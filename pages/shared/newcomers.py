"""The ways in which people come into a list: one by one, or by an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.permissions import Actor, Permission


def draw(actor: Actor, kinds: Mapping[str, str], create: Callable[[Actor], None] | None) -> None:
    """`kinds` maps a kind of person to the words of its button; `create` opens the window that makes accounts."""
    if actor.may(Permission.EDIT_STUDENTS):
        for kind, label in kinds.items():
            if st.button(label, icon=":material/person_add:"):
                st.switch_page("new_person.py", query_params={"kind": kind})
    if create and actor.may(Permission.CREATE_ACCOUNTS) and st.button("Create accounts", icon=":material/key:"):
        create(actor)
    if actor.may(Permission.IMPORT) and st.button("Import", icon=":material/upload_file:"):
        st.switch_page("imports.py")
