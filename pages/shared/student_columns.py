"""The columns of the Students List."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.permissions import Permission
from core.rules import words
from pages.shared import cells
from pages.shared.columns import Column, each, moment, text

CONTACTS = Permission.SEE_CONTACTS


def _name(rows: pd.DataFrame) -> pd.Series:
    return rows["last_name"] + " " + rows["first_name"]


def _language(code: str) -> str:
    return words.LANGUAGE.get(code, code) if code else ""


def _wide() -> object:
    return st.column_config.TextColumn(width=190)


def _reason() -> object:
    return st.column_config.TextColumn(width=220)


COLUMNS = {
    "source_id": Column("Student code", text("source_id"), "source_id", standard=True),
    "name": Column("Name", _name, "name", standard=True, config=_wide),
    "last_name": Column("Last name", text("last_name"), "name"),
    "first_name": Column("First name", text("first_name")),
    "grade": Column("Grade", text("grade"), "grade"),
    "section": Column("Class", text("section"), "section", standard=True),
    "programme": Column("Programme", text("programme"), "programme"),
    "status": Column("Status", each("status", partial(cells.said, words.PERSON_STATUS)), "status"),
    "state": Column("State", each("state", cells.state_chip), "state", standard=True, config=cells.state_column),
    "email_refusal": Column(
        "Can be invited by e-mail",
        each("email_refusal", cells.invitable),
        "email_refusal",
        standard=True,
        config=_reason,
    ),
    "sms_refusal": Column("Can be invited by SMS", each("sms_refusal", cells.invitable), "sms_refusal", config=_reason),
    "invited_at": Column("Last invitation", moment("invited_at"), "invited_at", standard=True, is_moment=True),
    "username": Column("Username", text("username"), "username", standard=True),
    "personal_email": Column("Personal e-mail", text("personal_email"), "personal_email", needs=CONTACTS),
    "use_personal_email": Column("Use Personal E-mail", each("use_personal_email", cells.on_off), "use_personal_email"),
    "contact_email": Column("Contact e-mail", text("contact_email"), "contact_email", needs=CONTACTS),
    "external_email": Column("O365 address", text("external_email"), "external_email", needs=CONTACTS),
    "mobile": Column("Mobile", text("mobile"), "mobile", needs=CONTACTS),
    "guardian": Column("Guardian", text("guardian")),
    "guardian_mobile": Column("Guardian mobile", text("guardian_mobile"), needs=CONTACTS),
    "language": Column("Language", each("language", _language), "language"),
    "updated_at": Column("Last change", moment("updated_at"), "updated_at", is_moment=True),
}
