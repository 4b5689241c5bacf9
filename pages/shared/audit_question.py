"""Who saw or took the data of these students between two days: the question after a data breach, in one form (R104)."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from core import clock, database
from core.permissions import Actor
from core.services import disclosures
from core.services.disclosures import Answer
from core.tables import found_people, options, school
from core.tables.filters import DisclosureFilter
from pages.shared import cells, download, feedback, guardian_form

CHOSEN, ANSWER = "audit.whom", "audit.answer"
_HOW = {"people": "Some people", "classes": "Whole classes", "selected": "Those selected in the Students List"}
SHOWN = 500

FILES = {"disclosures-xlsx": "Excel", "disclosures-csv": "CSV", "disclosures-csv-plain": "CSV, plain UTF-8"}


def draw(actor: Actor) -> None:
    """The form, then the answer until another question is asked."""
    st.write(
        "Lists every time somebody opened the card of one of these people, was shown a password of theirs, or printed, "
        "exported, previewed or sent something about them. Rows of lists that were only looked at are not written down."
    )
    question = _question(actor)
    if st.button("Find out", type="primary", icon=":material/search:"):
        with feedback.refusals_shown(), database.transaction() as db:
            answer = disclosures.ask(db, actor, question=question)
        st.session_state[ANSWER] = (question, answer)
    if ANSWER in st.session_state:
        _show(actor, *st.session_state[ANSWER])


def _question(actor: Actor) -> DisclosureFilter:
    how = st.segmented_control("Whose data", list(_HOW), default="people", format_func=_HOW.__getitem__)
    people: tuple[int, ...] = ()
    sections: tuple[int, ...] = ()
    if how == "people":
        people = _people(actor)
    elif how == "classes":
        with database.reading() as db:
            offered = options.sections(db, actor)
        sections = tuple(st.multiselect("Classes", list(offered), format_func=offered.__getitem__))
    today = clock.today()
    with st.container(horizontal=True):
        since = st.date_input("From", today - timedelta(days=30), format="DD/MM/YYYY", width=160, key="audit.since")
        until = st.date_input("To", today, format="DD/MM/YYYY", width=160, key="audit.until")
    return DisclosureFilter(people, sections, True if how == "selected" else None, _iso(since), _iso(until))


def _people(actor: Actor) -> tuple[int, ...]:
    chosen: dict[int, str] = st.session_state.setdefault(CHOSEN, {})
    text = st.text_input("Find a student", placeholder="Name, code, e-mail or phone", live=True, key="audit.find")
    with feedback.refusals_shown(), database.reading() as db:
        found = found_people.look(db, actor, kind="student", text=text)
    with st.container(horizontal=True):
        for one in found:
            said = guardian_form.said(one)
            if one.id not in chosen:
                label = feedback.plain(said)
                st.button(label, key=f"audit.add.{one.id}", on_click=chosen.__setitem__, args=(one.id, said))
    for person_id, said in list(chosen.items()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(said, width="content")
            st.button("Remove", key=f"audit.out.{person_id}", on_click=chosen.pop, args=(person_id,), type="tertiary")
    return tuple(chosen)


def _show(actor: Actor, question: DisclosureFilter, answer: Answer) -> None:
    asked = _counted(answer.people, "person", "people")
    if not answer.acts:
        st.success(f"Nobody saw or took anything about the {asked} in these days.", icon=":material/check:")
        return
    who = len({act.who for act in answer.acts})
    acts, whom = _counted(len(answer.acts), "act", "acts"), _counted(who, "person", "people")
    st.subheader(f"{acts} by {whom}, about {asked}")
    with database.reading() as db:
        zone = school.settings(db).time_zone
    shown = answer.acts[:SHOWN]
    rows = pd.DataFrame(
        {
            "When": pd.to_datetime([act.at for act in shown], utc=True),
            "Who": [act.who for act in shown],
            "What": [act.what for act in shown],
            "Of those asked about": [act.people for act in shown],
            "Whom": [act.named for act in shown],
            "From": [act.ip for act in shown],
            "Entry": [act.seq for act in shown],
        }
    )
    st.dataframe(rows, hide_index=True, column_config={"When": cells.moment_column("When", zone)}, alt="Who saw whom")
    if len(answer.acts) > SHOWN:
        st.caption(f"The newest {SHOWN:,} are shown; the file has all.")
    with st.popover("Export", icon=":material/download:"):
        asked_again = json.dumps(question.as_json())
        for kind, label in FILES.items():
            download.report_form(
                actor,
                label=label,
                kind=kind,
                selection_id=0,
                scope="",
                expected=len(answer.acts),
                said="acts",
                more={"asked": asked_again},
            )


def _counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"


def _iso(day: object) -> str:
    return day.isoformat() if isinstance(day, date) else ""
