"""From uploaded files to what they say: which format it is, and the reader of that format."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import InputProblem
from core.rules import spreadsheets
from core.rules.imports import columns, oneroster, sds1, sds2, student_list
from core.rules.imports.intake import FileFacts, Format, Intake
from core.rules.spreadsheets import Limits, Sheet, Upload


@dataclass(frozen=True)
class Choices:
    """What a person overrules: "" and nothing mean that it is found out."""

    encoding: str = ""
    delimiter: str = ""
    meanings: dict[str, str] = field(default_factory=dict)


NO_CHOICES = Choices()


def sheets(uploads: list[Upload], *, limits: Limits, choices: Choices = NO_CHOICES) -> list[Sheet]:
    """The tables in the files, whatever they mean."""
    files = spreadsheets.unpack(uploads, limits=limits)
    found = [
        spreadsheets.read(file, limits=limits, encoding=choices.encoding, delimiter=choices.delimiter)
        for file in files
        if file.content.strip() or not _is_of_a_set(files)
    ]
    total = sum(len(sheet.rows) for sheet in found)
    if total > limits.rows * 3:
        raise InputProblem(f"Together these files have {total:,} rows. Divide them.")
    return found


def recognise(tables: list[Sheet]) -> Format:
    """Which format the files have; refuses a mixture."""
    by_stem = _by_stem(tables)
    if oneroster.is_set(by_stem):
        return Format.ONEROSTER
    if "users" in by_stem and {"sourcedid", "givenname"} <= {columns.normal(name) for name in by_stem["users"].header}:
        return Format.SDS_V2_1 if "roles" in by_stem else Format.SDS_V2
    if sds1.is_set(by_stem):
        return Format.SDS_V1
    if len(tables) > 1:
        names = ", ".join(sheet.file for sheet in tables[:8])
        raise InputProblem(
            f"These files are no set that is known: {names}. OneRoster and School Data Sync need users.csv, or "
            "Student.csv and Teacher.csv. Lists of students are imported one at a time."
        )
    if by_stem.keys() & (sds2.FILES | sds1.FILES) - {"student"} and not _looks_like_a_list(tables[0]):
        raise InputProblem(
            f"“{tables[0].file}” is one file of a School Data Sync set. Upload all files of the set together, "
            "or as one ZIP archive."
        )
    return Format.LIST


def read(tables: list[Sheet], *, choices: Choices = NO_CHOICES) -> Intake:
    """What the files say."""
    form = recognise(tables)
    if form == Format.LIST:
        return student_list.read(tables[0], chosen=choices.meanings or None)
    by_stem = _by_stem(tables)
    if form == Format.ONEROSTER:
        return oneroster.read(by_stem)
    return sds1.read(by_stem) if form == Format.SDS_V1 else sds2.read(by_stem)


def list_columns(table: Sheet, *, choices: Choices = NO_CHOICES) -> FileFacts:
    """The columns of a list as far as they are recognised, even where that is not enough to read it."""
    chosen = choices.meanings or None
    return student_list.facts(table, columns.assign(table.header, chosen), chosen)


def _is_of_a_set(files: list[Upload]) -> bool:
    """In a set, a file of nothing at all is one that has no rows: some systems write such."""
    return len(files) > 1 and any(spreadsheets.stem(file.name) == "users" and file.content.strip() for file in files)


def _by_stem(tables: list[Sheet]) -> dict[str, Sheet]:
    found: dict[str, Sheet] = {}
    for sheet in tables:
        if sheet.stem in found:
            raise InputProblem(f"There are two files called “{sheet.file}”. Upload one set at a time.")
        found[sheet.stem] = sheet
    return found


def _looks_like_a_list(sheet: Sheet) -> bool:
    return {"last_name", "first_name"} <= set(columns.assign(sheet.header).values())
