"""The tab *Data protection* of a card: all that is held as files, and erasing the person (R103, R104)."""

from __future__ import annotations

import streamlit as st

from core import compaction, database, outbox
from core.permissions import Actor, Permission
from core.services import erasure
from core.services.erasure import Foreseen
from pages.shared import download, feedback, fresh_code

TITLE = "Data protection"


def offered(actor: Actor) -> list[str]:
    """The title of the tab, for whoever answers such requests."""
    return [TITLE] if actor.may(Permission.ANSWER_RIGHTS) else []


def draw(actor: Actor, person_id: int, back_to: str) -> None:
    """First the fresh code, then the files and the form."""
    if not actor.is_fresh:
        st.write("Confirm that it is you to see what can be done here.")
        if fresh_code.ask(actor, key=f"rights.{person_id}", act="Go on"):
            st.rerun()
        return
    _files(actor, person_id)
    _erase(actor, person_id, back_to)


def _files(actor: Actor, person_id: int) -> None:
    st.subheader("Everything held about this person")
    st.write("All that Firstkey knows, and who saw or changed what. The audit notes that you took it.")
    with st.container(horizontal=True):
        for kind, said in (("person-pdf", "PDF"), ("person-json", "JSON")):
            with st.container(border=True, width=220):
                download.report_form(
                    actor,
                    label="Personal data",
                    kind=kind,
                    selection_id=person_id,
                    scope="selected",
                    expected=1,
                    said=said,
                )


def _erase(actor: Actor, person_id: int, back_to: str) -> None:
    with feedback.refusals_shown(), database.reading() as db:
        found = erasure.foresee(db, actor, person_id=person_id)
    st.subheader("Erase this person")
    _explain(found)
    typed = st.text_input(f"Type the name to erase for good: {feedback.plain(found.name)}", key="rights.name")
    if st.button("Erase this person", icon=":material/delete_forever:", disabled=not typed.strip()):
        with feedback.refusals_shown(), database.transaction() as db:
            removed = erasure.erase(db, actor, person_id=person_id, typed_name=typed)
        with st.spinner("Making the files forget ..."):
            outbox.forget(removed.references)
            compaction.compact()
        feedback.later("The person is erased. The audit says that, by number, and nothing else is left of them.")
        st.switch_page(back_to)


def _explain(found: Foreseen) -> None:
    goes, stays = st.columns(2)
    with goes.container(border=True, height="stretch"):
        st.markdown("**Goes, and cannot be brought back**")
        for noun, number in found.goes.items():
            st.text(f"{noun}: {number:,}" if number > 1 else noun)
    with stays.container(border=True, height="stretch"):
        st.markdown("**Stays**")
        st.text(f"Entries of the audit, by number and without a name: {found.entries:,}")
        st.text("What campaigns counted, without address and name")
    if found.comes_back:
        st.warning("This person is registered at the school: the next import brings them back if the file has them.")
