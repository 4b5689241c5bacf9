"""Students List: find students, tick them, act on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from sqlmodel import Session

from core.permissions import Actor, Permission
from core.tables import students
from core.tables.filters import Found, Page, StudentFilter
from core.tables.frames import Columns
from pages.shared import (
    acts,
    bulk,
    create_accounts,
    credentials_dialog,
    guard,
    list_screen,
    student_filters,
    switch_personal_email,
)
from pages.shared.list_screen import ListScreen
from pages.shared.student_columns import COLUMNS


def _find(db: Session, actor: Actor, asked: StudentFilter, page: Page) -> Found:
    return students.found(db, actor, filter=asked, page=page)


def _rows(db: Session, actor: Actor, ids: Sequence[int], names: frozenset[str]) -> Columns:
    return students.cells(db, actor, ids=ids, names=names)


def _count(db: Session, actor: Actor, asked: StudentFilter) -> int:
    return students.count(db, actor, filter=asked)


def _count_up_to(db: Session, actor: Actor, asked: StudentFilter, limit: int) -> int:
    return students.count_up_to(db, actor, filter=asked, limit=limit)


def _acts(actor: Actor) -> dict[str, bulk.Act]:
    menu: dict[str, bulk.Act] = {}
    if actor.may(Permission.CREATE_ACCOUNTS):
        menu["Create user accounts"] = partial(create_accounts.confirm, actor)
        menu["Create accounts for their guardians"] = partial(create_accounts.of_guardians, actor)
    menu |= bulk.sending(actor)
    if actor.may(Permission.EDIT_STUDENTS):
        menu["Use Personal E-mail on"] = partial(switch_personal_email.confirm, actor, on=True)
        menu["Use Personal E-mail off"] = partial(switch_personal_email.confirm, actor, on=False)
    menu |= credentials_dialog.bulk_acts(actor) | acts.bulk(actor, "students")
    if actor.may(Permission.MANAGE_ACCOUNTS):
        menu["Show the accounts of their guardians"] = bulk.show_guardians
    return menu


def _open(person_id: int) -> None:
    st.switch_page("student.py", query_params={"id": str(person_id)})


actor = guard.require(Permission.SEE_STUDENTS)
list_screen.draw(
    actor,
    ListScreen(
        name="students",
        title="Students List",
        noun="students",
        permission=Permission.SEE_STUDENTS,
        newcomers={"student": "New student"},
        kind=StudentFilter,
        questions=lambda asked: student_filters.questions(actor, asked),
        columns=COLUMNS,
        find=_find,
        rows=_rows,
        count=_count,
        count_up_to=_count_up_to,
        acts=_acts(actor),
        open_card=_open,
    ),
)
