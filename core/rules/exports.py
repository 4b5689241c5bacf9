"""Rows as a CSV or XLSX file whose cells no spreadsheet takes for formulas (R70)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

Cell = str | int | datetime | date | None
# What spreadsheets read as the beginning of a formula, in its full width too.
_RISKY = frozenset("=+-@\t\r\n＝＋－＠")
AT_ONCE = 2_000


class FileFormat(StrEnum):
    """What rows are written as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write(
    file_format: FileFormat, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, marked: bool = True
) -> bytes:
    """The whole file. Moments are written as they are: give them in the zone that people read.

    `marked`: a CSV begins with the mark by which Excel knows UTF-8; other programs take it for a letter.
    """
    return _xlsx(header, rows) if file_format is FileFormat.XLSX else _csv(header, rows, marked=marked)


def safe(text: str) -> str:
    """A text that stays a text: in front of a beginning that calculates stands an apostrophe."""
    kept = text.replace("\0", "") if "\0" in text else text
    return f"'{kept}" if kept[:1] in _RISKY else kept


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, marked: bool) -> bytes:
    content, following = io.BytesIO(), iter(rows)
    content.write(b"\xef\xbb\xbf" if marked else b"")
    content.write(_lines([header]))
    while part := list(islice(following, AT_ONCE)):
        content.write(_lines(zip(*map(_column, zip(*part, strict=True)), strict=True)))
    return content.getvalue()


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _column(cells: Sequence[Any]) -> Iterable[str]:
    """Looked at together first: nearly all columns are texts with nothing wrong in them, and a look is a fifth."""
    if set(map(type, cells)) != {str}:
        return map(_text, cells)
    if _RISKY.isdisjoint({cell[:1] for cell in cells}) and "\0" not in "".join(cells):
        return cells
    return map(safe, cells)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return safe(cell)
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None).isoformat(" ", "seconds")
    return "" if cell is None else str(cell)  # a day as 2027-06-30


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Row by row, so that 100,000 rows need little memory; texts are written as texts, never as formulas or links."""
    import xlsxwriter  # loaded where one is made: what makes CSVs, and papers, starts sooner without

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"constant_memory": True, "in_memory": False}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 22)
        for place, title in enumerate(header):
            sheet.write_string(0, place, title, bold)
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell.replace(tzinfo=None), moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                elif isinstance(cell, int):
                    sheet.write_number(number, place, cell)
                elif cell:
                    sheet.write_string(number, place, safe(cell))
    return content.getvalue()
