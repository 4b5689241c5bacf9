"""What the readers of all School Data Sync versions share: rows by the normal names of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import Severity
from core.rules.imports import cells, columns
from core.rules.imports.intake import ColumnFacts, FileFacts, Intake, PeriodRow, SectionRow
from core.rules.imports.people import MAX_NAME
from core.rules.spreadsheets import Sheet

NOT_NEEDED = "not needed"
Where = tuple[str, int]


@dataclass(frozen=True)
class Table:
    """One file of a set. `fields`: what its columns mean, by their normal name."""

    sheet: Sheet
    fields: Mapping[str, str]

    @property
    def meanings(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for position, header in enumerate(self.sheet.header):
            meaning = self.fields.get(columns.normal(header), "")
            if meaning and meaning not in found.values():
                found[position] = meaning
        return found

    @property
    def labels(self) -> dict[str, str]:
        return {meaning: self.sheet.header[position] for position, meaning in self.meanings.items()}

    def rows(self, intake: Intake, severity: Severity = Severity.ERROR) -> Iterator[tuple[Where, dict[str, str]]]:
        """Each row as cells by meaning; a row with more cells than the first row has is a problem and left out."""
        meanings, width, file = self.meanings, len(self.sheet.header), self.sheet.file
        for number, row in self.sheet.rows:
            if len(row) > width and any(row[width:]):
                message = f"This row has {len(row)} cells and the first row {width}. Put quotation marks around commas."
                intake.problem((file, number), "", row[width], message, severity)
                continue
            raw = {meaning: row[position] for position, meaning in meanings.items() if position < len(row)}
            yield (file, number), raw

    def facts(self) -> FileFacts:
        """What was recognised in this file."""
        meanings = self.meanings
        first = self.sheet.rows[0][1] if self.sheet.rows else []
        found = tuple(
            ColumnFacts(
                header,
                meanings.get(position, ""),
                "" if position in meanings else self._reason(header),
                cells.clean(first[position])[:60] if position in meanings and position < len(first) else "",
            )
            for position, header in enumerate(self.sheet.header)
        )
        return FileFacts(self.sheet.file, self.sheet.encoding, self.sheet.delimiter, len(self.sheet.rows), found)

    @staticmethod
    def _reason(header: str) -> str:
        reason = columns.why_left_out(header)
        return NOT_NEEDED if reason == columns.NOT_RECOGNISED else reason


def unused(sheet: Sheet) -> FileFacts:
    """A file of the set of which nothing is kept."""
    return Table(sheet, {}).facts()


def add_period(intake: Intake, source_id: str, title: str, starts: str, ends: str) -> str:
    """Enter a school year or term; gives its id."""
    if source_id:
        intake.periods.setdefault(
            source_id, PeriodRow(title or source_id, cells.read_date(starts), cells.read_date(ends))
        )
    return source_id


def add_section(intake: Intake, where: Where, period: str, raw: Mapping[str, str], school: str) -> None:
    """Enter a class; a second one with the same id is a problem."""
    source_id = cells.clean(raw.get("source_id", ""))
    title = cells.clean(raw.get("title", "")) or source_id
    if not source_id:
        intake.problem(where, "", title, "There is no id of the class. Every class needs one.")
    elif (period, source_id) in intake.sections:
        intake.problem(where, "", source_id, "This class stands in the file already. Keep one of the two rows.")
    elif len(title) > MAX_NAME or len(source_id) > MAX_NAME:
        intake.problem(where, "", title, f"At most {MAX_NAME} characters fit. Shorten it.")
    else:
        intake.sections[(period, source_id)] = SectionRow(title, cells.clean(raw.get("grade", ""))[:MAX_NAME], school)


def choose_homes(intake: Intake) -> None:
    """The class under which a student is listed: the only one, or the first by its id."""
    for section, person in intake.enrolments:
        if intake.enrolments[(section, person)] == "learner":
            intake.homes[person] = min(intake.homes.get(person, section), section)
