"""English and Greek: which one a person reads, and the words. English is the source; el.po holds the Greek."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import negotiate_locale
from babel.dates import format_datetime
from babel.messages.pofile import read_po
from starlette.requests import Request

from core.web import cookies

LANGUAGES = {"en": "English", "el": "Ελληνικά"}
_FOLDER = Path(__file__).parent / "translations"


def of(request: Request, *, offered: Collection[str] = tuple(LANGUAGES), person: str = "", school: str = "en") -> str:
    """Of those that are offered, the one chosen on this browser, else the person's, the browser's, the school's."""
    wanted = request.headers.get("accept-language", "").replace("-", "_").split(",")
    browser = negotiate_locale([part.split(";")[0].strip() for part in wanted], list(offered)) or ""
    choices = (request.query_params.get("lang"), request.cookies.get(cookies.language_name()), person, browser, school)
    return next((choice for choice in choices if choice and choice in offered), school)


def words(language: str) -> Callable[[str], str]:
    """Turns an English text into the language; a text without a translation stays English."""
    known = _catalogue(language)
    return lambda text: known.get(text) or text


def moment(at: datetime, language: str, zone: str) -> str:
    """3 Mar 2027, 14:05 in the school's zone."""
    return str(format_datetime(at, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=language))


@lru_cache
def _catalogue(language: str) -> dict[str, str]:
    path = _FOLDER / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=language) if message.id}
