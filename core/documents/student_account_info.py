"""Student Account Info: one line per student, by class, with the account's state. Never a password."""

from __future__ import annotations

from collections.abc import Sequence

from core.documents import listing, totals
from core.documents.grid import Column
from core.documents.letterhead import LEFT
from core.documents.listing import ANSWER, NONE, Kind, Part
from core.documents.moments import Days
from core.documents.papers import AccountColumns, StudentAccountInfo
from core.documents.report_pdf import ReportPDF
from core.documents.totals import Tally, sum_of

COLUMNS = (
    Column("No", 19, few=True, grey=True),
    Column("Student\ncode", 48),
    Column("Last name", 86, exact=False),
    Column("First name", 70, exact=False),
    Column("Class", 30, exact=False, few=True),
    Column("Username", 82),
    Column("Sign-in\nmethod", 50, few=True),
    Column("Invitation e-mail", 128),
    Column("Mobile", 60),
    Column("Active", 26, few=True),
    Column("Verified", 32, few=True),
    Column("Invited\non", 47, few=True),
    Column("Last\nlogin", 47, few=True),
    Column("Account\nstate", 60, few=True),
)
EXACT = {1: 0, 5: 3, 7: 5, 8: 6}  # places in COLUMNS that may need several lines: their places in AccountRow
STUDENTS = ("student", "students")


def render(paper: StudentAccountInfo) -> bytes:
    """The PDF file."""
    pdf = ReportPDF(paper.head, orientation="L")
    days = Days(paper.head.zone)

    def ending(pdf: ReportPDF, tallies: Sequence[Tally], notes: Sequence[str], top: float) -> bytes:
        total = sum_of(tallies)
        shown = totals.draw(
            total, paper.states, people=STUDENTS, colours=paper.colours, pdf=pdf, x=LEFT, top=top, bar=260
        )
        return shown + totals.notes(notes, pdf=pdf, x=LEFT, top=top - totals.height(total))

    kind = Kind(
        columns=COLUMNS,
        exact=EXACT,
        cells=lambda parts: _cells(parts, paper, days),
        tally=_tally,
        below=lambda tally: (tally.in_words(*STUDENTS), tally.by_state(paper.states)),
        closing_lines=2,
        ending_height=lambda tallies: totals.height(sum_of(tallies)),
        ending=ending,
        foot=listing.PERSONAL,
    )
    return listing.render(pdf, paper.head, paper.classes, kind, paper.notes)


def _tally(columns: AccountColumns) -> Tally:
    *_, active, verified, invited, signed_in, states = columns
    return Tally.of(active=active, verified=verified, invited=invited, signed_in=signed_in, states=states)


def _cells(parts: Sequence[Part], paper: StudentAccountInfo, days: Days) -> list[Sequence[str]]:
    """The texts of COLUMNS, without the number."""
    columns = listing.columns_of(parts)
    code, last, first, username, method, email, mobile, active, verified, invited, login, state = columns
    return [
        code,
        last,
        first,
        listing.titles_of(parts),
        [text or NONE for text in username],
        [paper.methods.get(text, NONE) for text in method],
        [text or NONE for text in email],
        [text or NONE for text in mobile],
        list(map(ANSWER.__getitem__, active)),
        list(map(ANSWER.__getitem__, verified)),
        list(map(days.__getitem__, invited)),
        list(map(days.__getitem__, login)),
        list(map(paper.states.__getitem__, state)),
    ]
