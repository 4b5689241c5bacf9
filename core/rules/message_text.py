"""An invitation as one person reads it: their language, their username, the link, when it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Member:
    """One person of a family message."""

    first_name: str
    last_name: str
    username: str
    microsoft: bool
    link: str = field(repr=False)


def render_sms(
    texts: Mapping[str, Text], to: Addressee, place: Place, *, password: str, link: str, ends_at: datetime
) -> str:
    """The text message as it goes out; Microsoft accounts have a text of their own, without a password."""
    spoken = language(to.language, texts)
    name = f"{spoken}.microsoft" if to.microsoft else spoken
    fields = {
        "school": place.school,
        "first_name": to.first_name,
        "username": to.username,
        "password": password,
        "link": link,
        "ends_on": _day(ends_at, place.time_zone, spoken),
        "portal": f"{place.base_url}/sign-in",
        "help": place.help_contact,
    }
    return wording.plain(texts[name].body, fields)


def render_family(
    texts: Mapping[str, Text], members: Sequence[Member], place: Place, *, language: str, ends_at: datetime
) -> wording.Filled:
    """One e-mail for all people of an address: per person the name, the username and a link of their own."""
    fields = {
        "school": place.school,
        "ends_on": _moment(ends_at.replace(second=0, microsecond=0), place.time_zone, language),
        "portal": f"{place.base_url}/sign-in",
        "help": place.help_contact,
    }
    text = texts[f"{language}.family"]
    people = [_entry(member, language) for member in members]
    return wording.fill(text.subject, text.body, fields, language=language, people=people)


def _entry(member: Member, language: str) -> wording.Entry:
    sentences = wording.SIGN_IN.get(language, wording.SIGN_IN["en"])
    username = f"{wording.USERNAME.get(language, wording.USERNAME['en'])}: {member.username}"
    lines = (username, sentences["microsoft" if member.microsoft else "local"])
    button = wording.label(language, microsoft=member.microsoft)
    return wording.Entry(f"{member.first_name} {member.last_name}".strip(), lines, member.link, button)


@lru_cache(maxsize=256)
def _day(moment: datetime, time_zone: str, language: str) -> str:
    return str(format_datetime(moment, "d MMM", tzinfo=ZoneInfo(time_zone), locale=language))


@lru_cache(maxsize=256)
def _moment(moment: datetime, time_zone: str, language: str) -> str:
    return str(format_datetime(moment, "EEEE d MMMM y, HH:mm", tzinfo=ZoneInfo(time_zone), locale=language))
