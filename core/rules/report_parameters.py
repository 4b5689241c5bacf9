"""What a person asks of the report User Account Credentials, checked before anything is read."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Literal, get_args

from core.errors import InputProblem

Whose = Literal["students", "parents", "both"]
Layout = Literal["letter", "2", "4", "8", "table"]
SlipOrder = Literal["class", "name", "code"]


@dataclass(frozen=True)
class CredentialParameters:
    """Which slips, in which form. `language` empty: each in the language of its person.

    `section_ids`: of those chosen only the students of these classes, and who answers for them; empty: of all classes.
    Among them NO_CLASS stands for students without one.
    `show_passwords` false: links only. `dated` stands on the paper; `pdf_password` locks the file (AES-256).
    """

    whose: Whose = "both"
    layout: Layout = "8"
    order: SlipOrder = "class"
    page_per_class: bool = True
    one_per_family: bool = False
    never_signed_in_only: bool = False
    show_passwords: bool = True
    language: str = ""
    extra_text: str = ""
    dated: date | None = None
    signature_line: bool = False
    section_ids: tuple[int, ...] = ()
    pdf_password: str = field(default="", repr=False)


_CHOICES: dict[str, tuple[Any, ...]] = {
    "whose": get_args(Whose),
    "layout": get_args(Layout),
    "order": get_args(SlipOrder),
    "language": ("", "en", "el"),
}
NO_CLASS = 0  # no class has this id
MOST_CLASSES = 200  # so many ids have room in a form of the page
_UNCLEAR = "This form is not complete. Go back to the list and try again."


def as_text(parameters: CredentialParameters) -> str:
    """All but the password of the file, in letters that mean nothing in HTML (R54)."""
    told = asdict(parameters) | {"dated": parameters.dated.isoformat() if parameters.dated else None}
    del told["pdf_password"]
    return urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def from_text(text: str, *, pdf_password: str = "") -> CredentialParameters:
    """What `as_text` wrote. Refuses with a sentence whatever it would not have written."""
    try:
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        dated = date.fromisoformat(told["dated"]) if told["dated"] else None
        known = {one.name: told[one.name] for one in fields(CredentialParameters) if one.name in told}
        classes = tuple(told.get("section_ids", ()))  # a request kept by an older version names none
        known |= {"dated": dated, "section_ids": classes, "pdf_password": pdf_password}
        parameters = CredentialParameters(**known)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputProblem(_UNCLEAR) from error
    if not _is_fine(parameters):
        raise InputProblem(_UNCLEAR)
    return parameters


def _is_fine(parameters: CredentialParameters) -> bool:
    chosen = all(getattr(parameters, name) in choices for name, choices in _CHOICES.items())
    flags = ("page_per_class", "one_per_family", "never_signed_in_only", "show_passwords", "signature_line")
    classes = parameters.section_ids
    return (
        chosen
        and isinstance(parameters.extra_text, str)
        and all(type(getattr(parameters, n)) is bool for n in flags)
        and len(classes) <= MOST_CLASSES
        and all(type(section_id) is int and NO_CLASS <= section_id < 2**31 for section_id in classes)
    )
