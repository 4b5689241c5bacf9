"""A plain list of students, as CSV or Excel: the columns of the Students List, one row a student."""

from __future__ import annotations

from core.errors import InputProblem
from core.models import EnrolmentKind, PersonKind
from core.rules.contact_data import email_is_valid
from core.rules.imports import cells, columns, people
from core.rules.imports.intake import (
    NO_PERIOD,
    ColumnFacts,
    FileFacts,
    Format,
    GuardianRow,
    Intake,
    PersonRow,
    SectionRow,
)
from core.rules.spreadsheets import Sheet

_BESIDE_THE_PERSON = frozenset({"section", "guardian", "guardian_mobile", "guardian_email", "guardian_relation"})


def read(sheet: Sheet, *, chosen: dict[str, str] | None = None) -> Intake:
    """The students of a list, their classes and guardians. `chosen` overrules the meaning of columns, by header."""
    meanings = columns.assign(sheet.header, chosen)
    intake = Intake(Format.LIST, covers=frozenset({PersonKind.STUDENT.value}))
    intake.files.append(facts(sheet, meanings, chosen))
    _require(sheet, meanings)
    labels = {meaning: sheet.header[position] for position, meaning in meanings.items()}
    for number, row in sheet.rows:
        _read_row(intake, (sheet.file, number), row, meanings, labels, len(sheet.header))
    return intake


def facts(sheet: Sheet, meanings: dict[int, str], chosen: dict[str, str] | None) -> FileFacts:
    """What was recognised, for people to confirm."""
    first = sheet.rows[0][1] if sheet.rows else []
    found = tuple(
        ColumnFacts(
            header,
            meanings.get(position, ""),
            "" if position in meanings else _reason(header, chosen),
            "" if columns.may_never_be_chosen(header) or position >= len(first) else cells.clean(first[position])[:60],
        )
        for position, header in enumerate(sheet.header)
    )
    return FileFacts(sheet.file, sheet.encoding, sheet.delimiter, len(sheet.rows), found)


def _reason(header: str, chosen: dict[str, str] | None) -> str:
    if columns.may_never_be_chosen(header):
        return columns.NEVER_IMPORTED
    if chosen is not None and header in chosen and not chosen[header]:
        return columns.CHOSEN_TO_LEAVE
    return columns.TAKEN if columns.meaning(header) else columns.why_left_out(header)


def _require(sheet: Sheet, meanings: dict[int, str]) -> None:
    there = set(meanings.values())
    missing = [columns.LABELS[name] for name in ("source_id", "last_name", "first_name") if name not in there]
    if missing:
        headings = ", ".join(header[:40] for header in sheet.header[:12] if header) or "nothing"
        raise InputProblem(
            f"No column of “{sheet.file}” was recognised as {' or '.join(missing)}. "
            f"The first row must name the columns; it says: {headings}.",
            hint="Say which column is which, or write these names into the first row.",
        )
    if not sheet.rows:
        raise InputProblem(f"“{sheet.file}” has names of columns but no rows. Export the list again and upload that.")


def _read_row(
    intake: Intake, where: tuple[str, int], row: list[str], meanings: dict[int, str], labels: dict[str, str], width: int
) -> None:
    if len(row) > width and any(row[width:]):
        intake.problem(where, "", row[width], f"This row has {len(row)} cells and the first row {width}. {_QUOTES}")
        return
    raw = {meaning: row[position] for position, meaning in meanings.items() if position < len(row)}
    beside = {name: cells.clean(raw.pop(name)) for name in _BESIDE_THE_PERSON & raw.keys()}
    student = people.add(intake, where, PersonKind.STUDENT.value, raw, labels)
    if student is None:
        return
    for name, value in beside.items():
        if len(value) > people.MAX_CELL or (name in ("section", "guardian") and len(value) > people.MAX_NAME):
            intake.problem(where, labels[name], value, f"{len(value):,} characters are too many. Shorten it.")
            return
    if title := beside.get("section"):
        place, key = (NO_PERIOD, title), (student.kind, student.source_id)
        intake.sections.setdefault(place, SectionRow(title, student.fields.get("grade", "")))
        intake.homes[key] = place
        intake.enrolments[(place, key)] = EnrolmentKind.LEARNER.value
    if beside.get("guardian") or beside.get("guardian_email") or beside.get("guardian_mobile"):
        _read_guardian(intake, where, student, beside, labels)


_QUOTES = "Put quotation marks around cells that contain the delimiter."


def _read_guardian(
    intake: Intake, where: tuple[str, int], student: PersonRow, beside: dict[str, str], labels: dict[str, str]
) -> None:
    if not beside.get("guardian"):
        label = labels.get("guardian", columns.LABELS["guardian"])
        intake.warn(where, label, "", "The guardian has an address but no name, and is left out.")
        return
    email = beside.get("guardian_email", "")
    if email and not email_is_valid(email):
        message = "This is no e-mail address. It is kept as typed; nothing can be sent to it."
        intake.warn(where, labels["guardian_email"], email, message)
    row = GuardianRow(
        student, beside["guardian"], email, beside.get("guardian_mobile", ""), beside.get("guardian_relation", "")
    )
    intake.guardians.append(row)
