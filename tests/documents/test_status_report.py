"""Account status on paper: every number is there, and very many classes go on over pages."""

from __future__ import annotations

from datetime import UTC, datetime

from core.documents import status_report
from core.documents.papers import Letterhead, PaperChart, StatusReport
from tests.documents import papers

HEAD = Letterhead(
    "Athena School", "Account status", "2026-2027", "Students: 3", "Cora", datetime(2026, 11, 23, 9, tzinfo=UTC), "UTC"
)
STATES = ("Signed in", "Bounced")


def _stack(title: str, rows: int) -> PaperChart:
    return PaperChart(
        title,
        "",
        "stack",
        tuple(f"Class {number}" for number in range(rows)),
        STATES,
        tuple((1000 + number, 500) for number in range(rows)),
        ("#1e7d46", "#a8201a"),
        (0, 4),
        tuple("67%" for _row in range(rows)),
        wide=True,
    )


def _lines() -> PaperChart:
    days = tuple(f"2026-11-{day:02}" for day in range(1, 29))
    numbers = tuple((day, 2 * day) for day in range(28))
    return PaperChart("Day by day", "", "lines", days, ("Invited", "Verified"), numbers, ("#7a5ba6", "#58a55c"), (0, 1))


def test_numbers_names_and_legend_are_on_the_page() -> None:
    bars = PaperChart("Reach", "", "bars", ("E-mail", "Neither"), ("",), ((12,), (0,)), ("#0f5e63",), (0,))
    paper = StatusReport(HEAD, (("65", "Working access", "+3 since last week"),), (_stack("States", 2), bars, _lines()))
    said = papers.pages(status_report.render(paper))[0]
    for text in (
        "Account status",
        "65",
        "+3 since last week",
        "1,000",
        "1,001",
        "Bounced",
        "67%",
        "E-mail",
        "12",
        "54",
    ):
        assert text in said


def test_a_long_reason_is_not_cut_off() -> None:
    reasons = ("The owner of the number wants no messages", "Neither")
    bars = PaperChart("Why messages failed", "", "bars", reasons, ("",), ((2,), (1,)), ("#0f5e63",), (0,))
    said = papers.pages(status_report.render(StatusReport(HEAD, (), (bars, bars))))[0]
    assert said.count(reasons[0]) == 2


def test_very_many_classes_go_on_and_none_is_lost() -> None:
    pages = papers.pages(status_report.render(StatusReport(HEAD, (), (_lines(), _lines(), _stack("By class", 90)))))
    assert len(pages) > 2
    together = " ".join(pages)
    assert [number for number in range(90) if f"Class {number} " not in f"{together} ".replace("\n", " ")] == []
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]


def test_a_school_without_anybody_prints_a_sentence() -> None:
    empty = PaperChart("States", "", "stack", (), (), (), (), (), wide=True)
    assert "Nobody, so far." in papers.pages(status_report.render(StatusReport(HEAD, (), (empty,))))[0]
