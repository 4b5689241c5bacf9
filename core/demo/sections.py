"""Grades and classes of the demo school: 7A, 7B, ... 12C, about 25 students each."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import date

from core.rules.search_text import sort_key

GRADES = ("7", "8", "9", "10", "11", "12")
CLASS_SIZE = 25
PERIOD_ID = 1


@dataclass(frozen=True)
class Layout:
    """The period and its sections as rows; section ids by grade."""

    period: dict[str, object]
    sections: list[dict[str, object]]
    by_grade: dict[str, list[int]]


def layout(students: int, *, today: date) -> Layout:
    """As many classes as `students` need."""
    per_grade = max(2, -(-students // (len(GRADES) * CLASS_SIZE)))
    first_year = today.year if today.month >= 8 else today.year - 1
    title = f"{first_year}-{first_year + 1}"
    period: dict[str, object] = {
        "id": PERIOD_ID,
        "source_id": title,
        "title": title,
        "starts_on": date(first_year, 8, 25),
        "ends_on": date(first_year + 1, 8, 24),
        "is_current": True,
    }
    places = [(grade, _letters(number)) for grade in GRADES for number in range(per_grade)]
    sections: list[dict[str, object]] = [
        {
            "id": number,
            "source_id": f"{title}-{grade}{letters}",
            "period_id": PERIOD_ID,
            "title": f"{grade}{letters}",
            "sort_title": sort_key(f"{grade}{letters}"),
            "grade": grade,
            "school": "",
        }
        for number, (grade, letters) in enumerate(places, 1)
    ]
    by_grade = {
        grade: [number for number, place in enumerate(places, 1) if place[0] == grade] for grade, _letters in places
    }
    return Layout(period, sections, by_grade)


def _letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = string.ascii_uppercase[digit] + text
    return text
