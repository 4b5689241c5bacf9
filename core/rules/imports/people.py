"""A row of a file as a person: what is required, what is read, what needs another look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.models import PersonKind
from core.rules.contact_data import email_is_valid
from core.rules.imports import cells
from core.rules.imports.intake import Intake, PersonRow

MAX_NAME, MAX_CELL = 100, 254
_NAMES = ("last_name", "first_name", "middle_name")
_EMAILS = ("personal_email", "contact_email", "external_email")
Labels = Mapping[str, str]


def add(intake: Intake, where: tuple[str, int], kind: str, raw: Mapping[str, str], labels: Labels) -> PersonRow | None:
    """Enter the person of one row. `raw`: cells by field; `labels`: what the file calls each field.

    An empty cell says nothing: what Firstkey knows stays.
    """
    source_id = cells.clean(raw.get("source_id", ""))
    if not _code_is_good(intake, where, kind, source_id, labels):
        return None
    fields: dict[str, Any] = {}
    for name, text in raw.items():
        if name == "source_id" or not text or text.isspace():
            continue
        value = _VALUES.get(name, _plain)(intake, where, labels[name], text, kind)
        if value != "":
            fields[name] = value
    if not (fields.get("last_name") or fields.get("first_name")):
        intake.problem(where, _label(labels, _NAMES), "", "There is no name. Write one, or delete the row.")
    person = PersonRow(kind, source_id, fields, *where)
    intake.people[(kind, source_id)] = person
    return person


def _code_is_good(intake: Intake, where: tuple[str, int], kind: str, source_id: str, labels: Labels) -> bool:
    label = labels.get("source_id", "Student code")
    if not source_id:
        intake.problem(where, label, "", "There is no code. Everybody needs one that stays the same.")
    elif len(source_id) > MAX_NAME:
        intake.problem(where, label, source_id, f"A code has at most {MAX_NAME} characters.")
    elif earlier := intake.people.get((kind, source_id)):
        place = f"row {earlier.row}" if earlier.file == where[0] else f"row {earlier.row} of {earlier.file}"
        intake.problem(where, label, source_id, f"This code stands in {place} already. Keep one of the two rows.")
    else:
        return True
    return False


def _label(labels: Labels, names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if name in labels), "Last name")


def _plain(intake: Intake, where: tuple[str, int], label: str, text: str, _kind: str) -> str:
    return _limited(intake, where, label, text, MAX_CELL)


def _name(intake: Intake, where: tuple[str, int], label: str, text: str, _kind: str) -> str:
    return _limited(intake, where, label, text, MAX_NAME)


def _limited(intake: Intake, where: tuple[str, int], label: str, text: str, most: int) -> str:
    value = cells.clean(text)
    if value is text and len(text) <= most:
        return text
    if len(value) > most:
        intake.problem(where, label, value, f"{len(value):,} characters are too many: at most {most} fit. Shorten it.")
    elif not text.isprintable() and cells.hides_something(text):
        intake.warn(where, label, value, "Invisible characters were taken out.")
    return value


def _email(intake: Intake, where: tuple[str, int], label: str, text: str, _kind: str) -> str:
    value = _limited(intake, where, label, text, MAX_CELL)
    if value and not email_is_valid(value):
        intake.warn(where, label, value, "This is no e-mail address. It is kept as typed; nothing can be sent to it.")
    return value


def _switch(intake: Intake, where: tuple[str, int], label: str, text: str, _kind: str) -> bool:
    word = cells.word(text)
    if word not in cells.YES | cells.NO:
        intake.problem(where, label, text, "Write yes or no.")
    return word in cells.YES


def _language(intake: Intake, where: tuple[str, int], label: str, text: str, _kind: str) -> str:
    found = cells.LANGUAGES.get(cells.word(text), "")
    if not found:
        intake.warn(where, label, text, "Messages are in English or Greek; this person gets the school's language.")
    return found


def _status(intake: Intake, where: tuple[str, int], label: str, text: str, kind: str) -> str:
    found = cells.STATUSES.get(cells.word(text), "")
    if not found:
        intake.problem(where, label, text, "Write Registered, Applicant, Inactive or Left.")
    if found == "counts":
        return "registered" if kind == PersonKind.STUDENT else "active"
    return found


_VALUES: dict[str, Callable[[Intake, tuple[str, int], str, str, str], Any]] = {
    **dict.fromkeys(_NAMES, _name),
    **dict.fromkeys(_EMAILS, _email),
    "grade": _name,
    "programme": _name,
    "use_personal_email": _switch,
    "language": _language,
    "status": _status,
}
