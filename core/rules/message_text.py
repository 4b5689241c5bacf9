"""An invitation as one person reads it: their language, their username, the link, when it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
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
    """To whom it is written. In a family mailbox the full name tells whose message it is."""

    first_name: str
    last_name: str
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


def language(wanted: str, known: Collection[str]) -> str:
    """The wording that a person gets: in their language, else in English."""
    return wanted if wanted in known else "en"


def render(texts: Mapping[str, Text], to: Addressee, place: Place, *, link: str, ends_at: datetime) -> wording.Filled:
    """The message as it goes out."""
    spoken = language(to.language, texts)
    sentences = wording.SIGN_IN.get(spoken, wording.SIGN_IN["en"])
    fields = {
        "school": place.school,
        "first_name": to.first_name,
        "student": f"{to.first_name} {to.last_name}".strip(),
        "username": to.username,
        "sign_in": sentences["microsoft" if to.microsoft else "local"],
        "link": link,
        "ends_on": _moment(ends_at.replace(second=0, microsecond=0), place.time_zone, spoken),
        "portal": f"{place.base_url}/sign-in",
        "help": place.help_contact,
    }
    text = texts[spoken]
    return wording.fill(text.subject, text.body, fields, language=spoken, microsoft=to.microsoft)


@lru_cache(maxsize=256)
def _moment(moment: datetime, time_zone: str, language: str) -> str:
    return str(format_datetime(moment, "EEEE d MMMM y, HH:mm", tzinfo=ZoneInfo(time_zone), locale=language))
