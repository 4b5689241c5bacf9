"""Settings of messages: whose number, at which hours, how many, for how much money, and when to be careful."""

from __future__ import annotations

import phonenumbers
import streamlit as st

from core import database
from core.permissions import Actor
from core.tables import options, school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields

WHOSE = {"student": "the student's mobile", "guardian": "a guardian's mobile", "home": "the home phone"}
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def form(actor: Actor) -> None:
    """Saved as one; nothing of it is written while somebody types."""
    with database.reading() as db:
        fields, grades = Fields(school.settings(db)), options.grades(db, actor)
    with st.form("settings.messages"):
        fields.many("sms_number_order", list(WHOSE), WHOSE.__getitem__)
        fields.many("sms_guardian_grades", sorted({*grades, *fields.now.sms_guardian_grades}))
        fields.many("allowed_regions", REGIONS)
        _hours_and_money(fields)
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="messages")


def _hours_and_money(fields: Fields) -> None:
    left, middle, right = st.columns(3)
    with left:
        fields.number("sms_from_hour", 0, 23)
        fields.money("sms_price", step=0.01)
    with middle:
        fields.number("sms_until_hour", 1, 24)
        fields.text("sms_currency", max_chars=3)
    with right:
        fields.number("sms_per_number_per_day", 1, 100)
        fields.money("sms_spend_per_day", step=10.0)


def limits(actor: Actor) -> None:
    """How much on one day, and above how many people more is asked of the sender."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    with st.form("settings.limits"):
        left, right = st.columns(2)
        with left:
            fields.number("email_per_day", 0, 10_000_000)
            fields.number("pause_after_failures", 2, 1_000)
            fields.number("fresh_code_above", 0, 1_000_000)
            fields.number("second_administrator_above", 0, 1_000_000)
        with right:
            fields.number("sms_per_day", 0, 1_000_000)
            fields.number("sms_pause_after_failures", 2, 1_000)
            fields.number("typed_count_above", 0, 1_000_000)
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="limits")
