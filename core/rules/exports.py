"""Rows as a CSV or XLSX file whose cells no spreadsheet takes for formulas (R70)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import Any

Cell = str | int | datetime | date | None
# What spreadsheets read as the beginning of a formula, in its full width too.
_RISKY = frozenset("=+-@\t\r\n＝＋－＠")
_QUOTED = '",\r\n'
_TO_THE_SECOND = len("2027-06-30 09:30:00")


class FileFormat(StrEnum):
    """What rows are written as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write(
    file_format: FileFormat,
    header: Sequence[str],
    slices: Iterable[Sequence[Sequence[Cell]]],
    *,
    marked: bool = True,
) -> bytes:
    """The whole file, of slices of rows. Moments are written as they are: give them in the zone that people read.

    `marked`: a CSV begins with the mark by which Excel knows UTF-8; other programs take it for a letter.
    """
    return _xlsx(header, slices) if file_format is FileFormat.XLSX else _csv(header, slices, marked=marked)


def safe(text: str) -> str:
    """A text that stays a text: in front of a beginning that calculates stands an apostrophe."""
    kept = text.replace("\0", "") if "\0" in text else text
    return f"'{kept}" if kept[:1] in _RISKY else kept


def _csv(header: Sequence[str], slices: Iterable[Sequence[Sequence[Cell]]], *, marked: bool) -> bytes:
    content = io.BytesIO()
    content.write(b"\xef\xbb\xbf" if marked else b"")
    content.write(_lines([[title] for title in header]))
    for rows in slices:
        content.write(_lines([_column(cells) for cells in zip(*rows, strict=True)]))
    return content.getvalue()


def _lines(columns: Sequence[Sequence[str]]) -> bytes:
    """As the csv module writes them. Where no cell needs quotes, joining takes a tenth of the time."""
    rows = zip(*columns, strict=True)
    if len(columns) > 1 and not any(map(_has_quotes, columns)):
        return "\r\n".join([*map(",".join, rows), ""]).encode()
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _has_quotes(cells: Sequence[str]) -> bool:
    together = "".join(cells)
    return any(mark in together for mark in _QUOTED)


def _column(cells: Sequence[Any]) -> Sequence[str]:
    """Looked at together first: nearly all columns are texts with nothing wrong in them, and a look is a fifth."""
    if set(map(type, cells)) != {str}:
        return list(map(_text, cells))
    if _RISKY.isdisjoint({cell[:1] for cell in cells}) and "\0" not in "".join(cells):
        return cells
    return list(map(safe, cells))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")[:_TO_THE_SECOND]
    return safe(cell) if isinstance(cell, str) else str(cell)  # a day as 2027-06-30


def _xlsx(header: Sequence[str], slices: Iterable[Sequence[Sequence[Cell]]]) -> bytes:
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
        for number, row in enumerate(chain.from_iterable(slices), 1):
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
