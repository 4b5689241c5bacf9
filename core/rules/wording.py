"""Texts with {fields}: filled, as plain text and as HTML, in one pass and without evaluating anything (R67)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from core.errors import InputProblem

FIELDS = frozenset({"school", "first_name", "student", "username", "sign_in", "link", "ends_on", "portal", "help"})
REQUIRED = frozenset({"username", "link"})
OF_A_KEY = frozenset({"link", "ends_on", "sign_in", "username"})  # nothing of it goes to an address that was left
_ADDRESS = re.compile(r"https?:|www\.|://", re.IGNORECASE)
_FIELD = re.compile(r"\{(\w+)\}")
_PAGE = (
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"></head>'
    '<body style="margin:0;padding:24px;background:#f4f6f6">'
    '<div style="max-width:520px;margin:0 auto;padding:24px;background:#ffffff;border-radius:12px;'
    'font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1c2528">{paragraphs}</div></body></html>'
)
_BUTTON = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:8px;'
    'background:#0f5e63;color:#ffffff;text-decoration:none;font-weight:600">{label}</a></p>'
    '<p style="font-size:14px;color:#566469;word-break:break-all">{link}</p>'
)
_LABEL = {"en": "Choose my password", "el": "Επιλογή κωδικού"}
_MICROSOFT_LABEL = {"en": "Open my account", "el": "Άνοιγμα του λογαριασμού μου"}
SIGN_IN = {
    "en": {
        "local": "Open this link, confirm that it is you and choose a password:",
        "microsoft": "This is your Microsoft 365 address. Use your Microsoft 365 password; open this link to confirm:",
    },
    "el": {
        "local": "Άνοιξε αυτόν τον σύνδεσμο, επιβεβαίωσε ότι είσαι εσύ και διάλεξε κωδικό:",
        "microsoft": "Είναι η διεύθυνσή σου στο Microsoft 365, με τον ίδιο κωδικό. Επιβεβαίωσε με τον σύνδεσμο:",
    },
}


@dataclass(frozen=True)
class Filled:
    """A text for one person; it holds a live link and never appears in a repr."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


def check(subject: str, body: str, *, has_key: bool = True) -> None:
    """Refuse a wording with fields that do not exist, or without the ones a person needs. `has_key`: carries a link."""
    used = set(_FIELD.findall(subject)) | set(_FIELD.findall(body))
    known = FIELDS if has_key else FIELDS - OF_A_KEY
    unknown = sorted(used - known)
    if unknown:
        raise InputProblem(f"There is no field {{{unknown[0]}}}. Use: {', '.join(sorted(known))}.", field="body")
    missing = sorted((REQUIRED if has_key else frozenset()) - set(_FIELD.findall(body)))
    if missing:
        raise InputProblem(f"The text must contain {{{missing[0]}}}.", field="body")
    if _ADDRESS.search(subject + body):
        raise InputProblem("The text must lead nowhere but to the school: use {portal} or {link}.", field="body")
    if "link" in _FIELD.findall(subject):
        raise InputProblem("The link belongs into the text, not into the subject.", field="subject")


def fill(subject: str, body: str, fields: Mapping[str, str], *, language: str, microsoft: bool = False) -> Filled:
    """The text for one person. A value with braces stays as it is: values are never read as wording."""
    labels = _MICROSOFT_LABEL if microsoft else _LABEL
    text = _replace(body, fields).strip() + "\n"
    html = _html(body, fields, labels.get(language, labels["en"]))
    return Filled(
        _replace(subject, fields),
        re.sub(r"\n{3,}", "\n\n", text),
        _PAGE.format_map({"lang": language, "paragraphs": html}),
    )


def read(source: str) -> tuple[str, str]:
    """A wording file: the subject in the first line, then the text."""
    first, _, body = source.partition("\n")
    return first.removeprefix("Subject:").strip(), body.strip() + "\n"


def _replace(text: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: fields[found[1]], text)


def _html(body: str, fields: Mapping[str, str], label: str) -> str:
    escaped = {name: escape(value) for name, value in fields.items()}
    parts = []
    for paragraph in _paragraphs(body):
        if paragraph == "{link}":
            parts.append(_BUTTON.format(link=escaped["link"], label=label))
        elif inside := _replace(escape(paragraph), escaped).strip():
            parts.append(f"<p>{inside}</p>".replace("\n", "<br>"))
    return "".join(parts)


@lru_cache(maxsize=64)
def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", body) if part.strip())
