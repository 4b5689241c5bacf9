"""What the window of User Account Credentials asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from core.rules.credential_checks import LONGEST_TEXT
from core.rules.report_parameters import MOST_CLASSES, NO_CLASS, CredentialParameters, Layout, SlipOrder, Whose

WHOSE: dict[Whose, str] = {"both": "Students and parents", "students": "Students", "parents": "Parents"}
LAYOUTS: dict[Layout, str] = {
    "letter": "Letter",
    "2": "2 on a page",
    "4": "4 on a page",
    "8": "8 on a page",
    "table": "Table",
}
ORDERS: dict[SlipOrder, str] = {"class": "Class and name", "name": "Name", "code": "Student code"}
LANGUAGES = {"": "Each person's own", "en": "English", "el": "Greek"}
Answer = TypeVar("Answer", Whose, Layout)


def ask(*, one: bool, classes: Mapping[int, str]) -> CredentialParameters:
    """The choices as they stand now. For one account there is nothing to order or to leave out."""
    layout = _choice("Layout", LAYOUTS, "8")
    many = CredentialParameters(layout=layout) if one else _many(layout, classes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        language = st.selectbox(
            "Language",
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            width=220,
            disabled=layout == "table",
            help="Letters and slips. A table is a list for the office, in English.",
        )
        dated = st.date_input("Date on the paper", None, format="DD/MM/YYYY", width=180)
        signed = st.toggle("Line to sign")
        shown = st.toggle("Show initial passwords", value=True, help="Off: only the codes of live links are printed.")
    text = st.text_area("A text of yours (you may leave it empty)", max_chars=LONGEST_TEXT, height=80)
    return replace(
        many,
        language=language,
        dated=dated,
        signature_line=signed,
        show_passwords=shown,
        extra_text=text.strip(),
    )


def _many(layout: Layout, classes: Mapping[int, str]) -> CredentialParameters:
    """Whose of those chosen, and in which order."""
    whose = _choice("Whose", WHOSE, "both")
    section_ids = _of_classes(classes) if len(classes) > 1 else ()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, width=220)
        by_class = st.toggle("A new page for each class", value=True)
        family = layout == "letter" and st.toggle("One letter per family")
        never = st.toggle("Only who never signed in")
    return CredentialParameters(whose, layout, order, by_class, family, never, section_ids=section_ids)


def _of_classes(classes: Mapping[int, str]) -> tuple[int, ...]:
    """Some of the classes that those chosen are in; none named is all of them."""
    number = len(classes) - (NO_CLASS in classes)
    everybody = "All {} of those chosen".format("1 class" if number == 1 else f"{number:,} classes")
    chosen = st.multiselect(
        "Classes",
        list(classes),
        format_func=classes.__getitem__,
        placeholder=f"{everybody}, and those without a class" if NO_CLASS in classes else everybody,
        max_selections=MOST_CLASSES,
        help="Students of these classes, and their parents. Leave it empty for everybody chosen.",
    )
    return tuple(chosen)


def _choice(label: str, options: Mapping[Answer, str], default: Answer) -> Answer:
    """One of a few; a second press on it leaves the default."""
    return st.segmented_control(label, list(options), format_func=options.__getitem__, default=default) or default
