"""The problems of an upload as a file: prepared on a press, fetched once from our own address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import database
from core.errors import RowProblem
from core.permissions import Actor
from core.services import import_problem_files
from pages.shared import export_menu, feedback
from pages.shared.report_files import LINK

LABELS = {f"import-problems-{file_format}": label for file_format, label in export_menu.FORMATS.items()}


def offer(actor: Actor, problems: Sequence[RowProblem]) -> None:
    """A button for each form; the link stands until something else is done on the page."""
    if not problems:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("This list as a file, for whoever keeps the data:", width="content")
        pressed = [kind for kind, label in LABELS.items() if st.button(label, key=kind, type="tertiary")]
        if pressed:
            st.html(LINK.format(token=_prepare(actor, pressed[0], problems)), width="content")


def _prepare(actor: Actor, kind: str, problems: Sequence[RowProblem]) -> str:
    file = import_problem_files.sheet(kind, problems)
    content = file.content()
    with feedback.refusals_shown(), database.transaction() as db:
        return import_problem_files.keep(db, actor, kind=kind, name=file.name, content=content, number=len(problems))
