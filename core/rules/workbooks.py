"""Excel workbooks (.xlsx) as rows of text. Formulas are never run: what Excel last showed is read."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from core.errors import InputProblem
from core.rules import archives

_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\b[^>]*?\br=["']([A-Z]{0,3})(\d{1,9})["']""")
MAX_COLUMNS = 1_000
_NOT_READABLE = "This is no workbook that can be read. Save it from Excel as .xlsx or as CSV UTF-8 and upload that."


def rows(content: bytes, *, limit: int) -> tuple[list[list[str]], str]:
    """The rows of the first sheet that has any, and its name."""
    _refuse_giants(archives.unpack(content, only=(".xml", ".bin")), limit)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            found = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if any(any(cell != "" for cell in row) for row in found[:50]):
                return [[_text(cell) for cell in row] for row in found[: limit + 1]], name
    except (CalamineError, ValueError, OSError) as error:
        raise InputProblem(_NOT_READABLE) from error
    return [], ""


def _refuse_giants(parts: dict[str, bytes], limit: int) -> None:
    """One cell in the far corner makes a reader reserve memory for all the empty ones before it."""
    if "xl/workbook.xml" not in parts:
        raise InputProblem(_NOT_READABLE)
    for name, xml in parts.items():
        if b"<!DOCTYPE" in xml[:2000] or b"<!ENTITY" in xml[:2000]:
            raise InputProblem(_NOT_READABLE)
        if "worksheets/" not in name:
            continue
        widest, last = 0, 0
        for letters, number in _CELL.findall(xml):
            last = max(last, int(number))
            widest = max(widest, _column_number(letters))
        if last > limit + 1 or widest > MAX_COLUMNS:
            raise InputProblem(
                f"A sheet of this workbook reaches to row {last:,} and column {widest:,}. At most {limit:,} rows and "
                f"{MAX_COLUMNS:,} columns can be read. Delete what stands far out, or divide the list."
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))  # codes and phone numbers are numbers to Excel
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return str(cell)
