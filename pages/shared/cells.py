"""How rows of the database look in a table: words, symbols and colours in place of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.rules import words
from core.rules.account_state import AccountState
from core.rules.reachability import Refusal
from core.tables.student_card import AccountCard

STATE_OPTIONS = {state.value: said.label for state, said in words.ACCOUNT_STATE.items()}


def state_chip(state: str) -> list[str]:
    """One coloured word."""
    return [words.ACCOUNT_STATE[AccountState(state)].label]


def state_column() -> Any:
    said = words.ACCOUNT_STATE.values()
    labels, colours = [word.label for word in said], [word.colour for word in said]
    return st.column_config.MultiselectColumn("State", options=labels, color=colours, width=130)


def moment_column(title: str, time_zone: str) -> Any:
    """A moment in the school's own time."""
    return st.column_config.DatetimeColumn(title, format="D MMM YYYY, HH:mm", timezone=time_zone, width=150)


def invitable(refusal: str | None) -> str:
    """Yes, or the reason a secretary can act on."""
    return "Yes" if refusal is None else f"No: {words.REFUSAL[Refusal(refusal)]}"


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


def on_off(value: object) -> str:
    return "On" if value else "Off"


def account_facts(account: AccountCard, time_zone: str) -> list[tuple[str, str]]:
    """The facts of an account, in words and in the school's own time."""
    moments = {
        "Created": account.created_at,
        "Last invitation": account.invited_at,
        "Invitation valid until": account.invitation_ends_at,
        "Verified": account.verified_at,
        "First login": account.first_sign_in_at,
        "Last login": account.last_sign_in_at,
    }
    told = [(label, moment_words(moment, time_zone)) for label, moment in moments.items()]
    return [
        ("Username", account.username),
        ("Signs in with", said(words.SIGN_IN_METHOD, account.sign_in_method)),
        *told,
    ]


def moment_words(moment: datetime | None, time_zone: str) -> str:
    """3 Mar 2027, 14:05, or a dash."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%-d %b %Y, %H:%M}" if moment else "–"
