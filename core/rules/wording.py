"""Texts with {fields}: filled, as plain text and as HTML, in one pass and without evaluating anything (R67)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

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
USERNAME = {"en": "Username", "el": "Όνομα χρήστη"}
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


@dataclass(frozen=True)
class Entry:
    """One person of a family: what stands in their lines, and the link of their button."""

    title: str
    lines: tuple[str, ...]
    link: str = field(repr=False)
    label: str = ""


def names(text: str) -> set[str]:
    """The fields that a text uses."""
    return set(_FIELD.findall(text))


def has_stray_braces(text: str) -> bool:
    """Whether there is a brace that belongs to no field: {first name}, {{link}}."""
    return bool(re.search(r"[{}]", _FIELD.sub("", text)))


def stands_alone(name: str, body: str) -> bool:
    """Whether a field is a paragraph of its own wherever it stands."""
    holding = [part for part in _paragraphs(body) if name in names(part)]
    return all(part == f"{{{name}}}" for part in holding)


def plain(body: str, fields: Mapping[str, str]) -> str:
    """A text message for one person."""
    return _replace(body, fields).strip()


def label(language: str, *, microsoft: bool) -> str:
    """What stands on the button of a link."""
    labels = _MICROSOFT_LABEL if microsoft else _LABEL
    return labels.get(language, labels["en"])


def fill(
    subject: str,
    body: str,
    fields: Mapping[str, str],
    *,
    language: str,
    microsoft: bool = False,
    people: Sequence[Entry] = (),
) -> Filled:
    """The text for one person. A value with braces stays as it is: values are never read as wording.

    `people` stand where a paragraph is {people} alone, each with a button of their own.
    """
    family = "\n\n".join("\n".join((one.title, *one.lines, one.link)) for one in people)
    text = _replace(body, {**fields, "people": family}).strip() + "\n"
    html = _html(body, fields, label(language, microsoft=microsoft), people)
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


def _html(body: str, fields: Mapping[str, str], label: str, people: Sequence[Entry]) -> str:
    escaped = {name: escape(value) for name, value in fields.items()}
    parts = []
    for paragraph in _paragraphs(body):
        if paragraph == "{link}":
            parts.append(_BUTTON.format(link=escaped["link"], label=label))
        elif paragraph == "{people}":
            parts += [_entry(one) for one in people]
        elif inside := _replace(escape(paragraph), escaped).strip():
            parts.append(f"<p>{inside}</p>".replace("\n", "<br>"))
    return "".join(parts)


def _entry(one: Entry) -> str:
    lines = "<br>".join([f"<strong>{escape(one.title)}</strong>", *(escape(line) for line in one.lines)])
    return f"<p>{lines}</p>" + _BUTTON.format(link=escape(one.link), label=escape(one.label))


@lru_cache(maxsize=64)
def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", body) if part.strip())
