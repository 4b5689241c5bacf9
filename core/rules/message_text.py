"""An invitation as one person reads it: their language, their username, the link, when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from core.rules import wording


class Text(Protocol):
    """A stored wording."""

    subject: str
    body: str


@dataclass(frozen=True)
class Addressee:
    """To whom it is written."""

    first_name: str
    username: str
    microsoft: bool
    language: str


@dataclass(frozen=True)
class Place:
    """Where it comes from."""

    school: str
    help_contact: str
    time_zone: str
    base_url: str


def render(texts: Mapping[str, Text], to: Addressee, place: Place, *, link: str, ends_at: datetime) -> wording.Filled:
    """The message; a language without a wording falls back to English."""
    language = to.language if to.language in texts else "en"
    sentences = wording.SIGN_IN.get(language, wording.SIGN_IN["en"])
    fields = {
        "school": place.school,
        "first_name": to.first_name,
        "username": to.username,
        "sign_in": sentences["microsoft" if to.microsoft else "local"],
        "link": link,
        "ends_on": str(
            format_datetime(ends_at, "EEEE d MMMM y, HH:mm", tzinfo=ZoneInfo(place.time_zone), locale=language)
        ),
        "portal": f"{place.base_url}/sign-in",
        "help": place.help_contact,
    }
    text = texts[language]
    return wording.fill(text.subject, text.body, fields, language=language, microsoft=to.microsoft)
