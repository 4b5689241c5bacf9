"""What each report looks like, for people who choose one.

`python -m tests.documents.reference_images` draws the pictures anew.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

from core.documents import credentials, status_report, student_account_info, user_account_info
from core.documents.papers import ClassRows, PaperChart, StatusReport
from core.services.report_papers import COLOURS
from tests.documents import papers, test_slips, test_status_report, test_user_account_info
from tests.documents.test_slips import token

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reports"
_TEXT = "Please hand in this slip at the office when you have signed in for the first time."
_NEITHER = {"password": "", "until": ""}
_LINK_END = "2026-12-05 09:00"
_SCALE = 0.85  # of 72 dpi
_FAMILY = 99  # the number of its letter


def drawn(form: str) -> Image.Image:
    """The first page of this form, in as many colours as charts need."""
    page = pypdfium2.PdfDocument(_FORMS[form]())[0]
    image: Image.Image = page.render(scale=_SCALE).to_pil().convert("RGB")
    return image.quantize(64, dither=Image.Dither.NONE)


def _credentials(layout: str) -> bytes:
    gina = {"kind": "guardian", "relation": "μητέρα", "wards": "Sam Sideris, Max Sideris", "language": "el"}
    rows = [
        test_slips.row(1, name="Gina Siderí", code="", letter=_FAMILY, token=token(1), link_until=_LINK_END, **gina),
        test_slips.row(2, letter=_FAMILY),
        test_slips.row(3, name="Max Sideris", letter=_FAMILY, secret="microsoft", **_NEITHER),
        test_slips.row(4, name="Μαρία Παπαδοπούλου", language="el", token=token(4), link_until=_LINK_END),
        test_slips.row(5, name="محمد علي"),
        test_slips.row(6, name="Nguyễn Thị Hồng Nhung", secret="link", token=token(6), password="", until=_LINK_END),
        test_slips.row(7, name="שרה כהן", secret="chosen", **_NEITHER),
        test_slips.row(8, name="Olga Шевченко 李雷", username="m" * 30 + "@athena-school-of-long-names.example"),
    ]
    paper = test_slips.paper(
        {"7B": rows, "8A": [test_slips.row(9, name="Otto Other", title="8A")]},
        layout=layout,
        extra_text=_TEXT,
        dated=date(2026, 11, 24),
        signature_line=True,
    )
    head = dataclasses.replace(paper.head, scope="9 accounts", logo=_logo())
    return credentials.render(dataclasses.replace(paper, head=head))


def _student_account_info() -> bytes:
    state = ("signed_in", "invited", "ready", "no_account")
    first = [papers.row(at, state=state[at % 4], last_login=_login(at % 4 == 0)) for at in range(9)]
    second = [papers.row(at, last="Παπαδοπούλου", first="Μαρία") for at in range(20, 26)]
    paper = papers.paper({"7B": first, "8A": second})
    return student_account_info.render(dataclasses.replace(paper, colours=COLOURS))


def _user_account_info() -> bytes:
    row = test_user_account_info.row
    signed_in = {
        "verified": "2026-11-21 07:30",
        "state": "signed_in",
        "first": "2026-11-21 08:00",
        "last": _login(True),
        "sign_ins": 3,
    }
    coordinates = ("Teacher", "Coordinator 2026-2027, Teacher")
    teachers = [
        row(at, name=name, section="", roles=roles, email=f"{name[:4].strip().lower()}@athena.example", **signed_in)
        for at, (name, roles) in enumerate(zip(("Tom Thys", "Cora Cole"), coordinates, strict=True))
    ]
    of_states: dict[str, dict[str, object]] = {
        "locked": {"failed": 12, "locked": 1},
        "pending_provider": {"waits": "2026-11-21 08:00", "method": "microsoft"},
        "bounced": {},
        "link_expired": {},
        "invited": {"failed": 1},
        "ready": {"email": ""},
    }
    students = [row(at, state=state, **more) for at, (state, more) in enumerate(of_states.items(), start=2)]
    groups = (ClassRows.of("Teachers", teachers), ClassRows.of("7B", students, under="Students"))
    return user_account_info.render(test_user_account_info.paper(*groups))


def _account_status() -> bytes:
    states, colours, hatches = ("Signed in", "Invited", "Bounced"), ("#1e7d46", "#7a5ba6", "#a8201a"), (0, 2, 4)
    classes, shares = ("7A", "7B", "8A"), ("76%", "58%", "81%")
    by_class = ((19, 5, 1), (14, 8, 2), (22, 4, 1))
    days = tuple(f"2026-11-{day:02}" for day in range(1, 24))
    per_day = tuple((day % 9, day % 7) for day in range(23))
    sent, chosen = "#7a5ba6", "#58a55c"
    charts = (
        PaperChart("States by class", "", "stack", classes, states, by_class, colours, hatches, shares, wide=True),
        PaperChart(
            "Reach", "", "bars", ("E-mail", "Mobile only", "Neither"), ("",), ((61,), (11,), (4,)), (sent,), (0,)
        ),
        PaperChart("Day by day", "", "lines", days, ("Invited", "Verified"), per_day, (sent, chosen), (0, 1)),
    )
    headlines = (("76", "students in all", ""), ("55", "have working access", "+3 since last week"))
    head = dataclasses.replace(test_status_report.HEAD, scope="All students: 76 students")
    return status_report.render(StatusReport(head, headlines, charts))


def _login(has: bool) -> str | None:
    return "2026-11-22 08:00" if has else None


def _logo() -> bytes:
    image, file = Image.new("RGB", (300, 120), (15, 94, 99)), io.BytesIO()
    ImageDraw.Draw(image).ellipse((20, 25, 90, 95), fill="white")
    image.save(file, "PNG")
    return file.getvalue()


_FORMS: dict[str, Callable[[], bytes]] = {
    "credentials-letter": lambda: _credentials("letter"),
    "credentials-2": lambda: _credentials("2"),
    "credentials-4": lambda: _credentials("4"),
    "credentials-8": lambda: _credentials("8"),
    "credentials-table": lambda: _credentials("table"),
    "student-account-info": _student_account_info,
    "user-account-info": _user_account_info,
    "account-status": _account_status,
}
FORMS = tuple(_FORMS)


if __name__ == "__main__":
    for name in FORMS:
        drawn(name).save(FOLDER / f"{name}.png", optimize=True)
