"""Papers for tests, and how to read a PDF back."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2

from core.documents.papers import AccountRow, ClassRows, Letterhead, StudentAccountInfo

STATES = {"signed_in": "Signed in", "invited": "Invited", "ready": "Ready", "no_account": "No account"}


def row(number: int = 1, **values: Any) -> AccountRow:
    """A student who was invited and has not signed in, unless `values` say otherwise."""
    fields: dict[str, Any] = {
        "code": f"S{number:05}",
        "last": "Sideris",
        "first": "Sam",
        "username": f"sam.sideris{number}",
        "method": "local",
        "email": f"sam{number}@mail.example",
        "mobile": "+306912345678",
        "active": 1,
        "verified": 0,
        "invited": "2026-11-20 08:00",
        "last_login": None,
        "state": "invited",
    } | values
    return tuple(fields.values())  # type: ignore[return-value]


def paper(classes: dict[str, list[AccountRow]], **head: Any) -> StudentAccountInfo:
    values: dict[str, Any] = {
        "school": "Athena School",
        "title": "Student Account Info",
        "period": "Academic period 2026-2027",
        "scope": "23 selected of 240",
        "printed_by": "Olga Orlova",
        "created": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        "zone": "Europe/Athens",
    } | head
    groups = tuple(ClassRows.of(title, rows) for title, rows in classes.items())
    return StudentAccountInfo(Letterhead(**values), groups, STATES, {"local": "Local", "microsoft": "Microsoft 365"})


def pages(data: bytes) -> list[str]:
    """The text of each page, as pdfium reads it."""
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pypdfium2.PdfDocument(data)]


def poppler_text(data: bytes, folder: Path) -> str:
    """All text, as pdftotext reads it, without the marks of direction that it adds."""
    path = folder / "read.pdf"
    path.write_bytes(data)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    assert not done.stderr
    return "".join(character for character in done.stdout if character not in "\u202a\u202b\u202c\u200e\u200f")


def bookmarks(data: bytes) -> list[str]:
    return [item.get_title() for item in pypdfium2.PdfDocument(data).get_toc()]
