"""The username part of the settings: the pattern, an ending, and at once what it makes of names."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.errors import InputProblem
from core.permissions import Actor, Permission
from core.rules import username_pattern, usernames
from core.rules.setting_words import SETTINGS
from core.services import school
from core.tables import periods
from core.tables.school import settings as school_settings
from pages.shared import feedback, fresh_code, guarded, setting_fields

# Names on which patterns go wrong: a Greek one twice, an apostrophe, accents, a script without Latin letters.
SAMPLES = (
    ("Μαρία", "Παπαδοπούλου", "S0001"),
    ("Μάρθα", "Παπαδοπούλου", "S0002"),
    ("Ευάγγελος", "Μπουρνάζος", "S0003"),
    ("Seán", "O’Brien-Smith", "S0004"),
    ("Олег", "Щукин", "S0005"),
    ("李", "王", "S0006"),
)


@guarded.fragment(Permission.CHANGE_SETTINGS)
def form(actor: Actor) -> None:
    """A fragment: every letter typed shows what it would make."""
    with database.reading() as db:
        now, year = school_settings(db), periods.year(db)
    st.subheader("Usernames")
    left, right = st.columns([3, 2])
    text = left.text_input(
        SETTINGS["username_pattern"].label,
        now.username_pattern,
        key=setting_fields.anew("username_pattern", now.username_pattern),
        live=True,
        help=HELP,
    )
    ending = right.text_input(
        SETTINGS["username_suffix"].label,
        now.username_suffix,
        key=setting_fields.anew("username_suffix", now.username_suffix),
        live=True,
        placeholder="@pupils.school.example",
        help="The number of a name that is taken stands before it.",
    )
    left.caption(SETTINGS["username_pattern"].sentence)
    right.caption(SETTINGS["username_suffix"].sentence)
    st.caption("FirstName, LastName and Code, whole or with a number of letters in brackets; Year or Year(2).")
    try:
        pattern = username_pattern.read(text, suffix=ending, year=year)
    except InputProblem as problem:
        st.error(feedback.plain(f"{problem} {problem.hint}"), icon=":material/edit:")
        return
    _preview(pattern)
    st.caption("Only new accounts get such usernames. Usernames that exist are never changed by this.")
    same = (text.strip(), ending.strip().lower()) == (now.username_pattern, now.username_suffix)
    pressed = st.button("Save usernames", type="primary", disabled=same)
    if now_fresh := fresh_code.proved(actor, pressed, key="settings.usernames", act="Save usernames"):
        with feedback.refusals_shown():
            with database.transaction() as db:
                school.change_settings(db, now_fresh, changes={"username_pattern": text, "username_suffix": ending})
            st.toast("Saved: new accounts get usernames like these.")


def _preview(pattern: username_pattern.Pattern) -> None:
    taken: dict[str, int] = {}
    rows = []
    for first, last, code in SAMPLES:
        stem = username_pattern.stem(pattern, first_name=first, last_name=last, code=code)
        rows.append((f"{first} {last}", code, usernames.next_free(stem, taken, suffix=pattern.suffix)))
    st.table(pd.DataFrame(rows, columns=["Name", "Code", "Username"]), hide_index=True, border="horizontal")


HELP = (
    "FirstName(1)LastName makes mpapadopoulou of Μαρία Παπαδοπούλου. Letters, digits, dots, dashes and underscores "
    "between the tokens stay as they are. A name that is taken gets a number."
)
