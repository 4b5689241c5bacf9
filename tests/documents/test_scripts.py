"""500 names in twelve scripts, as pdftotext reads them: each as often and in the order in which it went in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import press
from core.documents.papers import ClassRows, Paper
from tests.documents import papers, test_slips, test_user_account_info

# Given name, family name: those that our typeface has and those that it has not.
SCRIPTS = {
    "Latin": ("Zoë", "Þórdísardóttir-Łęcka"),
    "Vietnamese": ("Nguyễn", "Thị Hồng Nhung"),
    "Greek": ("Αικατερίνη", "Παπαδοπούλου"),
    "Cyrillic": ("Олександра", "Шевченко"),
    "Hebrew": ("שרה", "כהן"),
    "Arabic": ("محمد", "محمود"),
    "Armenian": ("Արամ", "Խաչատրյան"),
    "Georgian": ("ნინო", "ბერიძე"),
    "Devanagari": ("राधिका", "शर्मा"),
    "Han": ("李雷", "王小明"),
    "Kana": ("さくら", "タナカ"),
    "Hangul": ("김철수", "박지민"),
}
PEOPLE = [(*list(SCRIPTS.values())[number % len(SCRIPTS)], f"user{number:04}") for number in range(500)]


def _credentials(layout: str) -> Paper:
    rows = [
        test_slips.row(at, name=f"{first} {last}", username=username) for at, (first, last, username) in _numbered()
    ]
    return test_slips.paper({"7B": rows}, layout=layout)


def _student_account_info(_layout: str) -> Paper:
    rows = [papers.row(at, first=first, last=last, username=name, email="") for at, (first, last, name) in _numbered()]
    return papers.paper({"7B": rows})


def _user_account_info(_layout: str) -> Paper:
    rows = [
        test_user_account_info.row(at, name=f"{first} {last}", username=name) for at, (first, last, name) in _numbered()
    ]
    return test_user_account_info.paper(ClassRows.of("7B", rows, under="Students"))


def _numbered() -> list[tuple[int, tuple[str, str, str]]]:
    return list(enumerate(PEOPLE))


@pytest.mark.parametrize(
    ("drawn", "layout", "times"),
    [
        (_credentials, "letter", 2),  # who it is for, and whose account stands in its box
        (_credentials, "8", 1),
        (_credentials, "table", 1),
        (_student_account_info, "", 1),
        (_user_account_info, "", 1),
    ],
)
def test_pdftotext_reads_500_names_in_12_scripts_as_they_are(
    drawn: Callable[[str], Paper], layout: str, times: int, tmp_path: Path
) -> None:
    text = papers.poppler_text(press.draw(drawn(layout)), tmp_path)
    for names in ([first for first, _, _ in PEOPLE], [last for _, last, _ in PEOPLE]):
        assert {name: text.count(name) for name in set(names)} == {
            name: times * number for name, number in Counter(names).items()
        }
    if drawn is not _student_account_info:  # there they stand in columns of their own
        assert all(text.count(f"{first} {last}") >= 41 * times for first, last in SCRIPTS.values())
    assert all(text.count(username) == 1 for _, _, username in PEOPLE)
    assert "cannot be printed in our typeface" in text or "that our typeface lacks" in text
