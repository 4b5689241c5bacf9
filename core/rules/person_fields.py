"""What may be typed of a person, field by field: for new people and for changes alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import InputProblem
from core.models import PersonKind, PersonStatus
from core.rules import typed, words

STATUSES: dict[str, tuple[PersonStatus, ...]] = {
    PersonKind.STUDENT: (
        PersonStatus.REGISTERED,
        PersonStatus.APPLICANT,
        PersonStatus.ACTIVE,
        PersonStatus.INACTIVE,
        PersonStatus.LEFT,
    ),
    PersonKind.GUARDIAN: (PersonStatus.ACTIVE, PersonStatus.INACTIVE, PersonStatus.LEFT),
    PersonKind.STAFF: (PersonStatus.ACTIVE, PersonStatus.INACTIVE, PersonStatus.LEFT),
}
EMPTY: dict[str, Any] = {
    "source_id": "",
    "first_name": "",
    "middle_name": "",
    "last_name": "",
    "status": "",
    "grade": "",
    "programme": "",
    "language": "",
    "personal_email": "",
    "use_personal_email": False,
    "contact_email": "",
    "external_email": "",
    "mobile": "",
    "phone": "",
}
_Check = Callable[[str, Any, str], Any]  # kind, value, region


def checked(kind: str, fields: Mapping[str, Any], *, region: str) -> dict[str, Any]:
    """The values to store; the first one that cannot be is refused under the name of its field."""
    unknown = fields.keys() - _CHECKS.keys()
    if unknown:
        raise InputProblem(f"A person has no field {sorted(unknown)[0]}.")
    return {name: _CHECKS[name](kind, value, region) for name, value in fields.items()}


def problems(kind: str, fields: Mapping[str, Any], *, region: str) -> dict[str, InputProblem]:
    """Everything that cannot be, by field: what a form shows beside each."""
    found: dict[str, InputProblem] = {}
    for name, value in fields.items():
        try:
            _CHECKS[name](kind, value, region)
        except InputProblem as problem:
            found[name] = problem
    return found


def _name(field: str, label: str, *, needed: bool = True) -> _Check:
    return lambda _kind, value, _region: typed.name(value, field, label, needed=needed)


def _email(field: str) -> _Check:
    return lambda _kind, value, _region: typed.email(value, field)


def _status(kind: str, value: Any, _region: str) -> str:
    return typed.among(value, list(STATUSES[kind]), "status", "Choose a status from the list.")


def _language(_kind: str, value: Any, _region: str) -> str:
    return typed.among(value, list(words.LANGUAGE), "language", "Choose a language from the list.")


_CHECKS: dict[str, _Check] = {
    "source_id": _name("source_id", "The code"),
    "first_name": _name("first_name", "First name"),
    "middle_name": _name("middle_name", "Middle name", needed=False),
    "last_name": _name("last_name", "Last name"),
    "status": _status,
    "grade": _name("grade", "Grade", needed=False),
    "programme": _name("programme", "Programme", needed=False),
    "language": _language,
    "personal_email": _email("personal_email"),
    "use_personal_email": lambda _kind, value, _region: bool(value),
    "contact_email": _email("contact_email"),
    "external_email": _email("external_email"),
    "mobile": lambda _kind, value, region: typed.mobile(value, region),
    "phone": lambda _kind, value, _region: typed.phone(value),
}
