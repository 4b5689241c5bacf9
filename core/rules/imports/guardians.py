"""Guardians who are only named in a student's row: who is the same person, and what to call them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.models import PersonKind
from core.rules.imports.intake import GuardianRow, Intake, PersonKey, PersonRow
from core.rules.search_text import fold

Known = Callable[[str, frozenset[str]], str | None]  # a student's code and a folded name: a guardian's code


def place(intake: Intake, *, known: Known) -> tuple[dict[PersonKey, PersonRow], dict[tuple[PersonKey, PersonKey], str]]:
    """People and guardianships for the guardians named in rows.

    `known` gives the code of a student's guardian of that folded name, if Firstkey has one. The same name with the same
    e-mail or mobile is one person, so brothers and sisters get one guardian.
    """
    people: dict[PersonKey, PersonRow] = {}
    answers: dict[tuple[PersonKey, PersonKey], str] = {}
    codes = _codes(intake.guardians, known)
    for row in intake.guardians:
        code = next(codes[mark] for mark in _marks(row) if mark in codes)
        key = (PersonKind.GUARDIAN.value, code)
        person = people.setdefault(key, PersonRow(*key, _names(row), row.student.file, row.student.row))
        person.fields |= {n: v for n, v in (("contact_email", row.email), ("mobile", row.mobile)) if v}
        answers[((row.student.kind, row.student.source_id), key)] = row.relation[:60]
    return people, answers


def _codes(rows: list[GuardianRow], known: Known) -> dict[tuple[str, str], str]:
    """A code for every mark. Those whom Firstkey knows come first: a new brother gets the guardian of his sister."""
    codes: dict[tuple[str, str], str] = {}
    for row in rows:
        if code := known(row.student.source_id, folded_name(row.name, "")):
            for mark in _marks(row):
                codes.setdefault(mark, code)
    for row in rows:
        marks = _marks(row)
        code = next((codes[mark] for mark in marks if mark in codes), None) or _new_code(marks[0])
        for mark in marks:
            codes.setdefault(mark, code)
    return codes


def _marks(row: GuardianRow) -> list[tuple[str, str]]:
    """What makes two rows name the same person: the name with an e-mail, a mobile, or else the student."""
    name = fold(row.name)
    return [(name, mark) for mark in (row.email.lower(), row.mobile) if mark] + [(name, "of " + row.student.source_id)]


def folded_name(last_name: str, first_name: str) -> frozenset[str]:
    """A guardian's name for comparing, whichever half comes first."""
    return frozenset(fold(f"{last_name} {first_name}").replace(",", " ").split())


def _new_code(mark: tuple[str, str]) -> str:
    """The same for the same person in every file that says the same."""
    return "G-" + hashlib.sha256("|".join(mark).encode()).hexdigest()[:12]


def _names(row: GuardianRow) -> dict[str, str]:
    """`Last, First`, or the family's name first or last, by the student's own; else the last word is the last name."""
    if "," in row.name:
        last, _comma, first = (part.strip() for part in row.name.partition(","))
        return {"last_name": last or first or row.name, "first_name": first if last else ""}
    words = row.name.split()
    if len(words) > 1 and _alike(words[0], row.student.fields.get("last_name", "")):
        return {"last_name": words[0], "first_name": " ".join(words[1:])}
    return {"last_name": words[-1], "first_name": " ".join(words[:-1])}


def _alike(word: str, family_name: str) -> bool:
    """Παπαδοπούλου and Παπαδόπουλος."""
    return bool(family_name) and fold(word)[:5] == fold(family_name)[:5]
