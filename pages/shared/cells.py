"""How rows of the database look in a table: words, symbols and colours in place of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_timedelta

from core.rules import words
from core.rules.account_state import AccountState
from core.tables.account_card import AccountCard
from core.tables.list_columns import Rows

REFUSALS = {refusal.value: f"{said[:1].upper()}{said[1:]}" for refusal, said in words.REFUSAL.items()}
STATE_OPTIONS = {state.value: said.label for state, said in words.ACCOUNT_STATE.items()}


def state_chips(rows: Rows) -> list[list[str]]:
    """One coloured word for each row."""
    return [[words.ACCOUNT_STATE[AccountState(state)].label] for state in rows["state"]]


def state_column() -> Any:
    said = words.ACCOUNT_STATE.values()
    labels, colours = [word.label for word in said], [word.colour for word in said]
    return st.column_config.MultiselectColumn("State", options=labels, color=colours, width=130)


def moment_column(title: str, time_zone: str) -> Any:
    """A moment in the school's own time."""
    return st.column_config.DatetimeColumn(title, format="D MMM YYYY, HH:mm", timezone=time_zone, width=150)


def said(mapping: Mapping[Any, str], code: str) -> str:
    """The word for a code; a code that this version does not know stays as it is."""
    return {str(key): word for key, word in mapping.items()}.get(code, code)


def named(mapping: Mapping[Any, str]) -> dict[str, str]:
    """A map of statuses as options of a filter."""
    return {key.value if isinstance(key, StrEnum) else str(key): word for key, word in mapping.items()}


def as_they_are(values: Iterable[str]) -> dict[str, str]:
    """Options of a filter that are their own words."""
    return {value: value for value in values}


def yes_no(value: object) -> str:
    return "Yes" if value else "No"


def account_facts(card: AccountCard, roles: str, time_zone: str) -> list[tuple[str, str]]:
    """The facts of an account, in words and in the school's own time."""
    facts = card.facts
    delivery = said(words.MESSAGE_STATUS, facts.delivery) if facts.delivery else "–"
    if facts.delivery_reason:
        delivery += f": {said(words.FAILURE_REASON, facts.delivery_reason)}"
    times = {0: "never", 1: "once", 2: "twice"}.get(facts.times_invited, f"{facts.times_invited:,} times")
    invited = moment_words(facts.invited_at, time_zone) + (f" by {card.invited_by}" if card.invited_by else "")
    return [
        ("Username", facts.username),
        ("User type", said(words.USER_TYPE, facts.user_type)),
        ("Signs in with", said(words.SIGN_IN_METHOD, facts.sign_in_method)),
        ("Roles", roles or "None"),
        ("Active", yes_no(facts.active)),
        ("Created", moment_words(facts.created_at, time_zone)),
        ("Invited", times),
        ("Last invitation", invited),
        ("Invitation valid until", moment_words(facts.invitation_ends_at, time_zone)),
        ("Delivery", delivery),
        ("Verified", moment_words(facts.verified_at, time_zone)),
        ("Verified e-mail", yes_no(card.email_verified)),
        ("First login", moment_words(facts.first_sign_in_at, time_zone)),
        ("Last login", moment_words(facts.last_sign_in_at, time_zone)),
        ("Logins", f"{facts.sign_ins:,}"),
        ("Must change password", yes_no(facts.must_change_password)),
        ("Pending changes", yes_no(facts.pending_provider)),
    ]


def ago(moment: datetime, now: datetime) -> str:
    """2 hours ago."""
    return str(format_timedelta(moment - now, add_direction=True, locale="en"))


def moment_words(moment: datetime | None, time_zone: str) -> str:
    """3 Mar 2027, 14:05, or a dash."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%-d %b %Y, %H:%M}" if moment else "–"
