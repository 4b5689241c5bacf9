"""The manifest of a OneRoster set: its version, and whether each file holds everything or only changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InputProblem
from core.rules.imports import cells, columns
from core.rules.imports.intake import Intake
from core.rules.spreadsheets import Sheet

BULK, DELTA, ABSENT = "bulk", "delta", "absent"
OVER = frozenset({"tobedeleted", "inactive"})
READ = ("orgs", "academicsessions", "users", "roles", "classes", "enrollments")
_WITH_PEOPLE = ("users", "roles", "classes", "enrollments")
_VERSIONS = {"1.0": "1.1", "1.1": "1.1", "1.2": "1.2"}
_NAMES = {"academicsessions": "academicSessions"}


@dataclass(frozen=True)
class Manifest:
    """`whole`: the files hold everybody and all classes."""

    version: str
    whole: bool

    @property
    def told(self) -> str:
        return f"OneRoster {self.version}, {'everything (bulk)' if self.whole else 'changes only (delta)'}"


def is_one(sheet: Sheet) -> bool:
    """Whether a file called manifest is the one of a OneRoster set."""
    return any("oneroster.version" in cell.lower() for row in (sheet.header, *_rows(sheet)) for cell in row)


def read(intake: Intake, sheets: Mapping[str, Sheet]) -> Manifest:
    """What the manifest says, or, without one, what the files look like; each contradiction is told."""
    if "manifest" not in sheets:
        guessed = Manifest(_version_of(sheets), not _has_deletions(sheets))
        message = f"There is no manifest.csv. The files are read as {guessed.told}."
        intake.warn(("manifest.csv", 1), "", "", message)
        return guessed
    said = _said(sheets["manifest"])
    modes = {stem: _mode(intake, sheets, said, stem) for stem in READ}
    whole = modes["users"] == BULK and all(modes[stem] in (BULK, ABSENT) for stem in _WITH_PEOPLE)
    return Manifest(_version(intake, sheets, said), whole)


def _rows(sheet: Sheet) -> list[list[str]]:
    return [row for _number, row in sheet.rows]


def _said(sheet: Sheet) -> dict[str, tuple[str, int]]:
    """Values with their rows by the name of the property; a manifest without a header is read all the same."""
    rows = [(1, list(sheet.header)), *sheet.rows]
    names = [columns.normal(name) for name in sheet.header]
    at, beside = (names.index(name) if name in names else place for place, name in enumerate(("propertyname", "value")))
    return {
        cells.word(row[at]): (cells.word(row[beside]), number)
        for number, row in rows
        if len(row) > max(at, beside) and cells.word(row[at])
    }


def _mode(intake: Intake, sheets: Mapping[str, Sheet], said: Mapping[str, tuple[str, int]], stem: str) -> str:
    value, row = said.get(f"file.{stem}", ("", 1))
    where, is_there = (sheets["manifest"].file, row), stem in sheets
    name = f"{_NAMES.get(stem, stem)}.csv"
    if value in (BULK, DELTA) and not is_there:
        if stem == "users":
            raise InputProblem(
                f"The manifest says {value} for {name}, and the file is not there. Export the set again."
            )
        intake.warn(where, f"file.{stem}", value, f"{name} is not there. The rest is read without it.")
        return ABSENT if value == BULK else value
    if is_there and value == ABSENT:
        intake.warn(where, f"file.{stem}", value, f"{name} is there all the same, and is read as changes only.")
        return DELTA
    if is_there and value not in (BULK, DELTA):
        message = f"The manifest says neither bulk nor delta for {name}. It is read as changes only: nobody is missing."
        intake.warn(where, f"file.{stem}", value, message)
        return DELTA
    return value if is_there else ABSENT


def _version(intake: Intake, sheets: Mapping[str, Sheet], said: Mapping[str, tuple[str, int]]) -> str:
    value, row = said.get("oneroster.version", ("", 1))
    found, looks = _VERSIONS.get(value, ""), _version_of(sheets)
    if not found:
        message = f"This version is not known. The files are read as version {looks}."
        intake.warn((sheets["manifest"].file, row), "oneroster.version", value, message)
    return found or looks


def _version_of(sheets: Mapping[str, Sheet]) -> str:
    return "1.2" if "roles" in sheets else "1.1"


def _has_deletions(sheets: Mapping[str, Sheet]) -> bool:
    """Only a set of changes says what is to be deleted."""
    for sheet in (sheets[stem] for stem in READ if stem in sheets):
        names = [columns.normal(name) for name in sheet.header]
        at = names.index("status") if "status" in names else len(names)
        if any(len(row) > at and cells.word(row[at]) in OVER for _number, row in sheet.rows):
            return True
    return False
