"""User Account Info as people and programs read it."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import Any

from core.documents import press, user_account_info
from core.documents.papers import ClassRows, UserAccountInfo, UserRow
from core.services.report_papers import COLOURS, DELIVERY_WORDS, METHOD_WORDS, STATE_WORDS
from tests.documents import papers


def row(number: int = 1, **values: Any) -> UserRow:
    """A student who was invited and has not signed in, unless `values` say otherwise."""
    fields: dict[str, Any] = {
        "name": "Sideris Sam",
        "section": "7B",
        "username": f"sam.sideris{number}",
        "method": "local",
        "active": 1,
        "verified": None,
        "state": "invited",
        "delivery": "delivered",
        "times": 2,
        "invited": "2026-11-20 08:00",
        "ends": "2026-11-27 08:00",
        "first": None,
        "last": None,
        "sign_ins": 0,
        "due": 0,
        "created": "2026-09-01 08:00",
        "roles": "Student",
        "email": f"sam{number}@mail.example",
        "failed": 0,
        "locked": 0,
        "waits": None,
        "maker": "Olga Orlova",
    } | values
    return tuple(fields.values())  # type: ignore[return-value]


def paper(*groups: ClassRows) -> UserAccountInfo:
    head = dataclasses.replace(papers.paper({}).head, title="User Account Info")
    return UserAccountInfo(head, groups, STATE_WORDS, METHOD_WORDS, DELIVERY_WORDS, COLOURS, ("1 has no account.",))


def _school(students: int = 3) -> UserAccountInfo:
    days = {"verified": "2026-11-21 07:30", "first": "2026-11-21 08:00", "last": "2026-11-22 08:00"}
    signed_in = days | {"state": "signed_in"}
    return paper(
        ClassRows.of("Teachers", [row(1, section="", **signed_in)]),
        ClassRows.of("7B", [row(number) for number in range(2, 2 + students)], under="Students"),
        ClassRows.of("8A", [row(9, section="8A", active=0, state="deactivated")], under="Students"),
    )


def test_every_fact_stands_in_its_line_and_totals_follow(tmp_path: Path) -> None:
    data = user_account_info.render(_school())
    text = papers.poppler_text(data, tmp_path)
    line = next(line for line in text.splitlines() if "sam.sideris1" in line).split()
    assert line[:6] == ["1", "Sideris", "Sam", "–", "sam.sideris1", "Local"]
    assert line[6:12] == ["Yes", "21", "Nov", "2026", "Signed", "in"] and "Delivered" in line
    assert " ".join(line).endswith("20 Nov 2026 27 Nov 2026 21 Nov 2026 22 Nov 2026 0 No 1 Sep 2026")
    assert "7B: 3 accounts · 3 active · 0 verified · 3 invited · 0 signed in" in text
    assert "5 accounts · 4 active" in text and "20.0 %" in text and "60.0 %" in text
    assert "By user type" in text and "1 has no account." in text
    assert next(item for item in text.splitlines() if "Students  " in item).split()[-5:] == [
        "Students",
        "4",
        "3",
        "0",
        "0",
    ]


def _second_line(tmp_path: Path, **values: Any) -> str:
    """What stands below Sam's line."""
    drawn = user_account_info.render(paper(ClassRows.of("7B", [row(1, **values)], under="Students")))
    lines = [line for line in papers.poppler_text(drawn, tmp_path).splitlines() if line.strip()]
    below = next(at for at, line in enumerate(lines) if "sam.sideris1" in line) + 1
    return " ".join(lines[below].split())


def test_below_stand_role_address_failed_sign_ins_pending_change_and_who_created_it(tmp_path: Path) -> None:
    told = {"roles": "Teacher, Office 2026-2027", "failed": 12, "locked": 1, "waits": "2026-11-20 22:30"}
    assert _second_line(tmp_path, **told) == (
        "Teacher, Office 2026-2027 sam1@mail.example 12 failed sign-ins, locked"
        " Waits for Microsoft 365 since 21 Nov 2026 Created by Olga Orlova"
    )
    assert _second_line(tmp_path, failed=1) == "Student sam1@mail.example 1 failed sign-in Created by Olga Orlova"
    assert _second_line(tmp_path, locked=1) == "Student sam1@mail.example Locked Created by Olga Orlova"
    assert _second_line(tmp_path, roles="", email="", maker="") == "No role No e-mail Creator not recorded"


def test_60_characters_are_shortened_below_but_a_username_never_is(tmp_path: Path) -> None:
    address = "konstantinos.papadopoulos-georgiou@students.school.example12"
    long = {"roles": "Ρόλος " * 10, "email": address, "maker": "Αικατερίνη Παπαδοπούλου-" * 5, "username": "w" * 60}
    assert len(address) == len(long["username"]) == len(long["roles"]) == 60
    text = papers.poppler_text(user_account_info.render(paper(ClassRows.of("7B", [row(1, **long), row(2)]))), tmp_path)
    assert "Created by Αικατερίνη" in text and text.count("…") >= 2 and long["maker"] not in text
    assert "konstantinos.papadopoulos-georgiou@students" in text
    assert text.count("w") >= 60 and "sam.sideris2" in text


def test_bookmarks_lead_to_user_types_and_below_them_to_classes() -> None:
    assert papers.bookmarks(user_account_info.render(_school())) == ["Teachers", "Students", "7B", "8A", "Totals"]


def test_the_file_is_clean_and_the_same_each_time(tmp_path: Path) -> None:
    drawn = _school(2500)
    data = user_account_info.render(drawn)
    assert data == press.draw(drawn)
    (tmp_path / "x.pdf").write_bytes(data)
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)
    text = "\n".join(papers.pages(data))
    assert all(f"sam.sideris{number}\n" in text or f"sam.sideris{number} " in text for number in range(2, 2502))
    assert "Students · 7B, continued" in text and "7B: 2,500 accounts" in text
