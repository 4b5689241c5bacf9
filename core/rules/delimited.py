"""Text with delimiters (CSV) as rows of cells."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from itertools import islice

from core.errors import InputProblem

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_SEP_LINE = re.compile(r'"?sep=(.)"?(\r\n|\r|\n)', re.IGNORECASE)
_SAMPLE_ROWS = 20
Cells = list[str]


def rows(text: str, *, delimiter: str = "", limit: int) -> tuple[list[Cells], str]:
    """All rows, empty ones too, and the delimiter, which is found out unless it is given."""
    said = _SEP_LINE.match(text)
    if said:
        text, delimiter = text[said.end() :], delimiter or said.group(1)
    used = delimiter or _find_delimiter(text)
    try:
        found = list(islice(_reader(text, used, strict=True), limit + 1))
    except csv.Error as error:
        raise InputProblem(_what_is_broken(text, used, error)) from error
    return found, used


def _reader(text: str, delimiter: str, *, strict: bool) -> csv._reader:  # type: ignore[name-defined]
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _find_delimiter(text: str) -> str:
    """The delimiter that gives the most columns to the most rows of the beginning."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text[:200_000], delimiter))


def _agreement(text: str, delimiter: str) -> float:
    try:
        sample = [row for row in islice(_reader(text, delimiter, strict=False), _SAMPLE_ROWS) if row]
    except csv.Error:
        return 0
    if not sample:
        return 0
    widths = [len(row) for row in sample]
    common = max(set(widths), key=widths.count)
    return (common - 1) * widths.count(common) / len(widths)


def _what_is_broken(text: str, delimiter: str, error: csv.Error) -> str:
    good = 0
    with contextlib.suppress(csv.Error):
        for _cells in _reader(text, delimiter, strict=True):
            good += 1
    last = good + 1
    if "field larger" in str(error) or "unexpected end" in str(error):
        return (
            f"From row {last} on everything stands in one cell: a quotation mark is opened and never closed. "
            "Close it, or save the file again from your spreadsheet."
        )
    return (
        f"Row {last} has a quotation mark in the middle of a cell. Write two of them inside a quoted cell, "
        "or save the file again from your spreadsheet."
    )
