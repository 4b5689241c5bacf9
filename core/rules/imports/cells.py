"""The values of cells: freed of what nobody can see, and read as what they mean."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache

from core.rules.search_text import fold

_STACK = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u1ab0-\u1aff\u20d0-\u20ff]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_SEPARATORS = {"Zl", "Zp", "Zs"}
_DATES = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%dT%H:%M:%S")

YES = frozenset({"yes", "y", "true", "1", "x", "on", "ναι", "✓"})
NO = frozenset({"no", "n", "false", "0", "off", "οχι", "-"})
LANGUAGES = {
    **dict.fromkeys(("en", "eng", "english", "en-gb", "en-us", "αγγλικα"), "en"),
    **dict.fromkeys(("el", "gr", "ell", "gre", "greek", "el-gr", "ελληνικα"), "el"),
}
STATUSES = {
    **dict.fromkeys(("registered", "active", "enrolled", "current", "1", "true", "yes"), "counts"),
    **dict.fromkeys(("εγγεγραμμενος", "εγγεγραμμενη", "ενεργος", "ενεργη", "φοιτα"), "counts"),
    **dict.fromkeys(("applicant", "admission", "pending", "υποψηφιος", "υποψηφια"), "applicant"),
    **dict.fromkeys(("inactive", "suspended", "tobedeleted", "0", "false", "no", "ανενεργος", "ανενεργη"), "inactive"),
    **dict.fromkeys(("left", "withdrawn", "graduated", "transferred", "alumnus", "leaver"), "left"),
    **dict.fromkeys(("αποχωρησε", "αποφοιτος", "αποφοιτησε", "διαγραφηκε"), "left"),
}


def clean(text: str) -> str:
    """`text` as one visible line: no control, bidi or zero-width characters (R73), white space collapsed, NFC."""
    if text.isascii() and text.isprintable():
        return text if "  " not in text and text[:1] != " " and text[-1:] != " " else " ".join(text.split())
    return _clean(text)


def word(text: str) -> str:
    """A cell that holds one of a few words, as they are compared."""
    return fold(clean(text))


@lru_cache(maxsize=20_000)  # names repeat
def _clean(text: str) -> str:
    if not text.isprintable():
        text = "".join(map(_visible, text))
    text = unicodedata.normalize("NFC", text)
    return " ".join(_STACK.sub(r"\1", text).split())


def hides_something(text: str) -> bool:
    """Whether cleaning takes more from `text` than white space."""
    return not text.isprintable() and "".join(clean(text).split()) != "".join(
        unicodedata.normalize("NFC", text).split()
    )


@lru_cache(maxsize=4_000)  # a school has few days, and enrolments by the hundred thousand
def read_date(text: str) -> date | None:
    """A date in one of the ways that school systems write; None when it is none of them."""
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    return None


def _visible(character: str) -> str:
    if character in "\t\r\n\x0b\x0c\x85" or unicodedata.category(character) in _SEPARATORS:
        return " "
    return "" if unicodedata.category(character)[0] == "C" else character
