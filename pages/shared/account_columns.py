"""The columns of User Accounts."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.models import FailureReason
from core.permissions import Permission
from core.rules import words
from pages.shared import cells
from pages.shared.columns import Column, each, moment, text

CONTACTS = Permission.SEE_CONTACTS
MASK = "••••-••••"


def _name(rows: pd.DataFrame) -> pd.Series:
    return rows["last_name"] + " " + rows["first_name"]


def _roles(held: str) -> str:
    return ", ".join(cells.said(words.ROLE, role) for role in held.split())


def _delivery(rows: pd.DataFrame) -> list[str]:
    """What became of the latest message, with the reason when it failed."""
    told = []
    for status, reason in zip(rows["delivery"].fillna(""), rows["delivery_reason"].fillna(""), strict=True):
        why = words.FAILURE_REASON[FailureReason(reason)] if reason in list(FailureReason) else reason
        told.append(cells.said(words.MESSAGE_STATUS, status) + (f": {why}" if why else ""))
    return told


def _is_missing(value: object) -> str:
    return cells.yes_no(pd.isna(value))


def _is_known(value: object) -> str:
    return cells.yes_no(not pd.isna(value))


def _wide() -> object:
    return st.column_config.TextColumn(width=190)


def _reason() -> object:
    return st.column_config.TextColumn(width=220)


COLUMNS = {
    "name": Column("Name", _name, "name", standard=True, config=_wide),
    "user_type": Column(
        "User type", each("user_type", partial(cells.said, words.USER_TYPE)), "user_type", standard=True
    ),
    "section": Column("Class", text("section"), "section", standard=True),
    "students": Column("Linked student(s)", text("students"), standard=True),
    "username": Column("Username", text("username"), "username", standard=True),
    "state": Column("State", each("state", cells.state_chip), "state", standard=True, config=cells.state_column),
    "invited_at": Column("Invited on", moment("invited_at"), "invited_at", standard=True, is_moment=True),
    "invitation_ends_at": Column(
        "Valid until", moment("invitation_ends_at"), "invitation_ends_at", standard=True, is_moment=True
    ),
    "last_sign_in_at": Column(
        "Last login", moment("last_sign_in_at"), "last_sign_in_at", standard=True, is_moment=True
    ),
    "first_sign_in_at": Column("First login", moment("first_sign_in_at"), "first_sign_in_at", is_moment=True),
    "sign_in_method": Column(
        "Sign-in method", each("sign_in_method", partial(cells.said, words.SIGN_IN_METHOD)), "sign_in_method"
    ),
    "address": Column("Invitation address", text("address"), "address", needs=CONTACTS),
    "mobile": Column("Mobile", text("mobile"), "mobile", needs=CONTACTS),
    "email_refusal": Column(
        "Can be invited by e-mail", each("email_refusal", cells.invitable), "email_refusal", config=_reason
    ),
    "sms_refusal": Column("Can be invited by SMS", each("sms_refusal", cells.invitable), "sms_refusal", config=_reason),
    "roles": Column("Role(s) in period", each("roles", _roles)),
    "active": Column("Active", each("deactivated_at", _is_missing), "active"),
    "verified": Column("Verified e-mail", each("email_verified", cells.yes_no), "verified_at"),
    "delivery": Column("Delivery", _delivery, "delivery", config=_reason),
    "times_invited": Column("Times invited", text("times_invited"), "times_invited"),
    "invited_by": Column("Invited by", text("invited_by")),
    "must_change_password": Column(
        "Must change password", each("must_change_password", cells.yes_no), "must_change_password"
    ),
    "initial_password": Column(
        "Initial password",
        each("initial_password", lambda live: MASK if live else ""),
        needs=Permission.REVEAL_CREDENTIALS,
    ),
    "pending": Column("Pending changes", each("pending_provider_at", _is_known), "pending_provider_at"),
    "created_at": Column("Created on", moment("created_at"), "created_at", is_moment=True),
}
