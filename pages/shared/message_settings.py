"""The part of the settings about messages: whose number, at which hours, how many, for how much money."""

from __future__ import annotations

import streamlit as st

from core import database
from core.models import SchoolSettings
from core.permissions import Actor
from core.services import school
from core.tables import options
from core.tables.school import settings as school_settings
from pages.shared import feedback, fresh_code

WHOSE = {"student": "the student's mobile", "guardian": "a guardian's mobile", "home": "the home phone"}


def form(actor: Actor) -> None:
    """Saved as one; nothing of it is written while somebody types."""
    with database.reading() as db:
        now, grades = school_settings(db), options.grades(db, actor)
    with st.form("message_settings"):
        st.subheader("Messages")
        changes = _numbers(now, grades) | _hours(now) | _money(now) | _caution(now)
        pressed = st.form_submit_button("Save message settings", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key="settings.messages", act="Save message settings"):
        _save(now_fresh, changes)


def _numbers(now: SchoolSettings, grades: list[str]) -> dict[str, object]:
    order = st.multiselect(
        "Use User Mobile – Phone: an SMS for a student goes to the first of these that there is",
        list(WHOSE),
        now.sms_number_order,
        format_func=WHOSE.__getitem__,
        help="In the order in which you choose them.",
    )
    guarded = st.multiselect(
        "Grades whose SMS go to a guardian only",
        sorted({*grades, *now.sms_guardian_grades}),
        now.sms_guardian_grades,
        placeholder="None",
    )
    return {"sms_number_order": order, "sms_guardian_grades": guarded}


def _hours(now: SchoolSettings) -> dict[str, object]:
    left, middle, right = st.columns(3)
    first = left.number_input("SMS leave from this hour on", 0, 23, now.sms_from_hour)
    until = middle.number_input("and until this hour", 1, 24, now.sms_until_hour)
    days = right.number_input("Days a password in an SMS lasts", 1, 30, now.sms_password_days)
    return {"sms_from_hour": int(first), "sms_until_hour": int(until), "sms_password_days": int(days)}


def _money(now: SchoolSettings) -> dict[str, object]:
    left, middle, right = st.columns(3)
    price = left.number_input("Price of one SMS segment", 0.0, None, now.sms_price, step=0.01, format="%.4f")
    currency = middle.text_input("Currency", now.sms_currency, max_chars=3)
    spend = right.number_input("SMS may cost so much on one day", 0.0, None, now.sms_spend_per_day, step=10.0)
    left, middle, right = st.columns(3)
    texts = left.number_input("SMS on one day at most", 0, 1_000_000, now.sms_per_day)
    mails = middle.number_input("E-mails on one day at most", 0, 10_000_000, now.email_per_day)
    same = right.number_input("SMS to one number on one day", 1, 100, now.sms_per_number_per_day)
    limits: dict[str, object] = {"sms_per_day": int(texts), "email_per_day": int(mails)}
    limits |= {"sms_price": price, "sms_currency": currency, "sms_spend_per_day": spend}
    return limits | {"sms_per_number_per_day": int(same)}


def _caution(now: SchoolSettings) -> dict[str, object]:
    left, middle, right = st.columns(3)
    fresh = left.number_input("Ask for a fresh code above so many people", 0, 1_000_000, now.fresh_code_above)
    typed = middle.number_input("Have the number typed above so many", 0, 1_000_000, now.typed_count_above)
    pause = right.number_input("Pause after so many failures in a row", 2, 1_000, now.pause_after_failures)
    return {"fresh_code_above": int(fresh), "typed_count_above": int(typed), "pause_after_failures": int(pause)}


def _save(actor: Actor, changes: dict[str, object]) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes)
        st.toast("Saved." if changed else "Nothing changed.")
