"""Every kind of document, for one person and for five hundred: sound, and everybody stands in it once."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.documents import credentials, student_account_info, user_account_info
from core.documents.papers import ClassRows
from tests.documents import papers, test_slips, test_user_account_info

KINDS = ["student-account-info", "user-account-info", "letter", "2", "4", "8", "table"]


def _classes(rows: list[Any]) -> dict[str, list[Any]]:
    """In one class or two; there is none without anybody."""
    half = len(rows) // 2
    return {title: part for title, part in (("7B", rows[half:]), ("8A", rows[:half])) if part}


def _drawn(kind: str, people: int) -> tuple[bytes, list[str]]:
    """The document, and the usernames that must stand in it."""
    names = [f"sam.sideris{number}" for number in range(people)]
    if kind == "student-account-info":
        rows = [papers.row(number, username=name) for number, name in enumerate(names)]
        return student_account_info.render(papers.paper(_classes(rows))), names
    if kind == "user-account-info":
        users = [test_user_account_info.row(username=name) for name in names]
        groups = [ClassRows.of(title, rows_of) for title, rows_of in _classes(users).items()]
        return user_account_info.render(test_user_account_info.paper(*groups)), names
    slips = [test_slips.row(number, token=test_slips.token(number)) for number in range(people)]
    return credentials.render(test_slips.paper(_classes(slips), layout=kind)), names


@pytest.mark.parametrize("people", [1, 500])
@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_sound_and_has_everybody_once(kind: str, people: int, tmp_path: Path) -> None:
    data, names = _drawn(kind, people)
    path = tmp_path / "drawn.pdf"
    path.write_bytes(data)
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    words = "\n".join(papers.pages(data)).split()
    assert sorted(word for word in words if word.startswith("sam.sideris")) == sorted(names)
