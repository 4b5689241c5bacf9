"""Rows as a file for spreadsheets."""

from __future__ import annotations

from core.documents.papers import Sheet
from core.rules import exports


def render(sheet: Sheet) -> bytes:
    """The CSV or XLSX file; nothing in it calculates (R70)."""
    return exports.write(sheet.file_format, sheet.header, sheet.slices(), marked=sheet.marked)
