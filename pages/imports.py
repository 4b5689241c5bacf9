"""Imports: upload, look at what would happen, import."""

from __future__ import annotations

import hashlib

import streamlit as st

from core import database
from core.config import command
from core.delivery import engine
from core.permissions import Actor, Permission
from core.rules.imports import reading
from core.rules.imports.intake import FORMAT_WORDS, Format
from core.rules.imports.reading import NO_CHOICES, Choices
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import imports
from core.services.imports import Check, Leave
from core.tables import imports as tables
from core.tables import school
from pages.shared import (
    feedback,
    fresh_code,
    guard,
    import_columns,
    import_folder,
    import_leavers,
    import_problems,
    import_result,
)
from pages.shared.import_leavers import Chosen

STATE = "import_state"  # key of the files, choices, check; forgotten when other files are chosen
DONE, TURN = "import_done", "import_turn"  # what the last import did; a new number empties the uploader


def _uploaded() -> list[Upload]:
    chosen = st.file_uploader(
        "A list of students (CSV or Excel), or a OneRoster or School Data Sync set: its files, or one ZIP archive",
        type=["csv", "txt", "tsv", "xlsx", "xls", "zip"],
        accept_multiple_files=True,
        key=f"import_files_{st.session_state.get(TURN, 0)}",
        help=f"At most 10 MB and 20,000 rows. Larger files: {command('import FILE')}",
    )
    return [Upload(file.name, file.getvalue()) for file in chosen]


def _key(uploads: list[Upload]) -> str:
    return hashlib.sha256(b"".join(upload.name.encode() + upload.content for upload in uploads)).hexdigest()[:16]


def _checked(actor: Actor, uploads: list[Upload], choices: Choices, key: str) -> Check:
    state = st.session_state.get(STATE)
    if state and state[:2] == (key, choices):
        return state[2]
    read = reading.read(reading.sheets(uploads, limits=PAGE_LIMITS, choices=choices), choices=choices)
    with database.reading() as db:
        check = imports.check(db, actor, intake=read)
    st.session_state[STATE] = (key, choices, check)
    return check


def _choices(uploads: list[Upload], key: str) -> Choices:
    """What was found out or chosen; the columns of a list can be chosen even when it cannot be read yet."""
    name = f"import_choices_of_{key}"
    now = st.session_state.get(name, NO_CHOICES)
    found = reading.sheets(uploads, limits=PAGE_LIMITS, choices=now)
    is_list = reading.recognise(found) == Format.LIST
    with st.expander("Columns, encoding and delimiter", icon=":material/view_column:"):
        sent = import_columns.choose(reading.list_columns(found[0], choices=now) if is_list else None, now, key=key)
    if sent:
        st.session_state[name] = sent
    return sent or now


def _show(actor: Actor, uploads: list[Upload]) -> None:
    key = _key(uploads)
    check = _checked(actor, uploads, _choices(uploads, key), key)
    st.subheader(check.intake.told or FORMAT_WORDS[check.intake.format])
    import_columns.files(check.intake.files)
    import_result.counts(check.plan.counts)
    import_result.returning(check.plan.returning)
    import_result.problems(check.problems)
    import_problems.offer(actor, check.problems)
    _offer(actor, uploads, check)
    import_result.samples(check)


def _offer(actor: Actor, uploads: list[Upload], check: Check) -> None:
    found, chosen = check.plan.counts, import_leavers.choose(actor, check)
    if found.nothing and chosen.leave is Leave.NOBODY:
        st.info("Firstkey knows all of this already. There is nothing to import.")
        return
    imported = found.created + found.changed
    only_left = found.nothing and chosen.number
    label = f"Mark {chosen.number:,} as Left" if only_left else f"Import {imported:,} people"
    stands_still = check.errors > 0 or not chosen.may_go_on
    pressed = st.button(label, type="primary", disabled=stands_still, width="stretch")
    acting = fresh_code.proved(actor, pressed, key=f"import.{_key(uploads)}", act=label) if chosen.asks_who else actor
    if acting is not None and not stands_still and (pressed or chosen.asks_who):
        _apply(acting, uploads, check, chosen)


def _apply(actor: Actor, uploads: list[Upload], check: Check, chosen: Chosen) -> None:
    st.session_state.pop(STATE, None)
    with database.transaction() as db:
        done = imports.apply(db, actor, seen=check, uploads=uploads, leave=chosen.leave, typed_leavers=chosen.typed)
    engine.start(*done.notices)
    run = done.run
    moved = f", {run.left:,} marked as Left" if run.left else ""
    moved += f", {run.returned:,} came back" if run.returned else ""
    told = f"Imported: {run.created:,} new, {run.changed:,} changed, {run.unchanged:,} unchanged{moved}."
    told += " Messages about changed addresses are on their way." if done.notices else ""
    st.session_state[DONE], st.session_state[TURN] = told, st.session_state.get(TURN, 0) + 1
    st.rerun()


def _earlier(actor: Actor) -> None:
    with database.reading() as db:
        runs, zone, undoable = tables.runs(db, actor), school.settings(db).time_zone, tables.undoable(db, actor)
        of_folder, number = tables.folder(db, actor), tables.number(db, actor)
    import_result.earlier(actor, runs, number=number.runs, zone=zone)
    import_leavers.undo(actor, undoable, zone=zone, told=DONE)
    import_folder.draw(actor, of_folder, number=number.of_folder, zone=zone)


actor = guard.require(Permission.IMPORT)
st.title("Imports")
feedback.said()
import_result.outcome(st.session_state.get(DONE, ""))
uploads = _uploaded()
if uploads:
    st.session_state.pop(DONE, None)
    with feedback.refusals_shown():
        _show(actor, uploads)
_earlier(actor)
