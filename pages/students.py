"""Students List: find students, tick them, act on them."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.tables import options, school, students
from core.tables.filters import StudentFilter
from pages.shared import bulk, cells, create_accounts, empty, feedback, filters, guard, picker, switch_personal_email
from pages.shared.filters import Choice
from pages.shared.listing import Listing

PER_PERIOD = {None: "All", True: "Per period", False: "Without period"}


def _choices(actor: Actor) -> tuple[list[Choice], list[Choice]]:
    with database.reading() as db:
        sections, grades = options.sections(db, actor), options.grades(db, actor)
    main = [
        Choice("section_ids", "Class", sections),
        Choice("grades", "Grade", {grade: grade for grade in grades}),
        Choice("states", "State", cells.STATE_OPTIONS),
    ]
    more = [
        Choice("statuses", "Status", cells.named(words.PERSON_STATUS)),
        Choice("in_period", "Academic period", PER_PERIOD, many=False),
        Choice("invitable", "Can be invited by e-mail", filters.YES_NO, many=False),
    ]
    return main, more


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Open": "Open",
            "Code": rows["source_id"],
            "Name": rows["last_name"] + " " + rows["first_name"],
            "Class": rows["section"].fillna(""),
            "State": rows["state"].map(cells.state_chip),
            "Can be invited by e-mail": rows["email_refusal"].map(cells.invitable, na_action=None),
            "Last invitation": pd.to_datetime(rows["invited_at"], utc=True),
            "Username": rows["username"].fillna(""),
            "Personal e-mail": rows["personal_email"],
            "Use Personal E-mail": rows["use_personal_email"].map({True: "On", False: "Off"}),
            "Contact e-mail": rows["contact_email"],
            "Mobile": rows["mobile"],
            "Grade": rows["grade"],
            "Status": rows["status"].map(partial(cells.said, words.PERSON_STATUS)),
        }
    )


def _listing(asked: StudentFilter, time_zone: str) -> Listing:
    return Listing(
        name="students",
        noun="students",
        filter=asked,
        page=lambda db, actor, page: students.page(db, actor, filter=asked, page=page),
        count=lambda db, actor: students.count(db, actor, filter=asked),
        dress=_dress,
        columns={
            "State": cells.state_column(),
            "Last invitation": cells.moment_column("Last invitation", time_zone),
            "Can be invited by e-mail": st.column_config.TextColumn(width=220),
        },
        orders={"Name": "name", "Code": "source_id", "Grade": "grade"},
    )


def _acts(actor: Actor) -> dict[str, bulk.Act]:
    acts: dict[str, bulk.Act] = {}
    if actor.may(Permission.CREATE_ACCOUNTS):
        acts["Create user accounts"] = partial(create_accounts.confirm, actor)
    if actor.may(Permission.SEND):
        acts[bulk.SEND] = bulk.send_initial_invitation
    if actor.may(Permission.EDIT_STUDENTS):
        acts["Use Personal E-mail on"] = partial(switch_personal_email.confirm, actor, on=True)
        acts["Use Personal E-mail off"] = partial(switch_personal_email.confirm, actor, on=False)
    return acts


actor = guard.require(Permission.SEE_STUDENTS)
st.title("Students List")
feedback.said()
main, more = _choices(actor)
asked = filters.ask(
    "students", StudentFilter, placeholder="Name, code, e-mail, phone or username", main=main, more=more
)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
listing = _listing(asked, time_zone)
with feedback.refusals_shown():
    shown = picker.look(actor, listing)
if not shown.total:
    empty.students(actor, asked, filters.chips(asked, [*main, *more]))
picker.toolbar(actor, listing, shown, _acts(actor))
picker.table(
    listing, shown, open_card=lambda person_id: st.switch_page("student.py", query_params={"id": str(person_id)})
)
picker.paging(listing, shown)
