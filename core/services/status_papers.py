"""Account status as a PDF: the numbers of the filter on screen, within the scope of whoever prints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents import press
from core.documents.papers import PaperChart, StatusReport
from core.permissions import Actor, Permission
from core.rules import headlines, words
from core.rules.account_state import AccountState
from core.services import audit, report_papers
from core.tables import options, school, status, status_charts, status_people
from core.tables.filters import StatusFilter
from core.tables.status import Asked, HeadlineNumber
from core.tables.status_charts import Chart

KIND = "account-status"
MOST_CLASSES = 200
HATCHES = {
    AccountState.VERIFIED: 1,
    AccountState.INVITED: 3,
    AccountState.LINK_EXPIRED: 2,
    AccountState.NOT_REACHABLE: 5,
    AccountState.BOUNCED: 4,
    AccountState.PENDING_PROVIDER: 6,
    AccountState.LOCKED: 3,
    AccountState.DEACTIVATED: 1,
}
LINES = {"Invited": "#7a5ba6", "Verified": "#58a55c", "First sign-in": "#1e7d46"}
ACCENT = "#0f5e63"


@dataclass(frozen=True)
class StatusPaper:
    """Read and audited; drawn when the transaction is over."""

    name: str
    paper: StatusReport
    media_type: str = "application/pdf"

    def content(self) -> bytes:
        return press.draw(self.paper)


def prepare(db: Session, actor: Actor, *, filter: StatusFilter) -> StatusPaper:
    """The page as it stands for this actor and filter; the audit says who printed it, and about how many."""
    actor.require(Permission.SEE_STATUS)
    sections = options.sections(db, actor, period_id=filter.period_id)
    people = status_people.read(db, actor, user_type=filter.user_type)
    asked = status.ask(db, actor, people=people, filter=filter, sections=sections)
    number, _behind = status.total(asked)
    details = {"kind": KIND, "counted": number}
    audit.record(db, actor, action="report.printed", object_kind="school", details=details)
    noun = "students" if people.of_list else "accounts"
    scope = f"{_in_words(asked)}: {number:,} {noun}"
    head = report_papers.letterhead(db, actor, title="Account status", scope=scope)
    head = replace(head, period=_year(db, filter.period_id))
    now = clock.now().astimezone(ZoneInfo(school.settings(db).time_zone))
    return StatusPaper(f"Account status {now:%Y-%m-%d}.pdf", StatusReport(head, _headlines(asked), _charts(asked)))


def _year(db: Session, period_id: int | None) -> str:
    """The year that was asked for, which need not be the present one."""
    known = options.periods(db)
    return f"Academic period {known[period_id]}" if period_id in known else "All academic years"


def _in_words(asked: Asked) -> str:
    filter, types = asked.filter, {kind.value: said for kind, said in words.USER_TYPES.items()}
    grades = [f"grade {grade}" for grade in filter.grades]
    classes = [f"class {asked.sections.get(section, section)}" for section in filter.section_ids]
    return ", ".join([types.get(filter.user_type, "All user types"), *grades, *classes])


def _headlines(asked: Asked) -> tuple[tuple[str, str, str], ...]:
    return tuple(_headline(one) for one in status.headlines(asked))


def _headline(one: HeadlineNumber) -> tuple[str, str, str]:
    change = one.number - one.before
    said = f"{change:+,} since last week" if change else "as last week"
    return f"{one.number:,}", headlines.WORDS[one.headline].label, said


def _charts(asked: Asked) -> tuple[PaperChart, ...]:
    by_class, _many = status_charts.classes(asked, order="fewest", first=0, most=MOST_CLASSES)
    return tuple(_on_paper(chart) for chart in (*(draw(asked) for draw in status_charts.DRAWN), by_class))


def _on_paper(chart: Chart) -> PaperChart:
    known = {(mark.row, mark.series): mark.number for mark in chart.marks}
    numbers = tuple(tuple(known.get((row, series), 0) for series in chart.series) for row in chart.rows)
    looks = [_look(chart, series, place) for place, series in enumerate(chart.series)]
    return PaperChart(
        title=chart.title,
        meaning=chart.meaning,
        kind=chart.kind,
        rows=chart.rows,
        series=tuple(label for label, _colour, _hatch in looks),
        numbers=numbers,
        colours=tuple(colour for _label, colour, _hatch in looks),
        hatches=tuple(hatch for _label, _colour, hatch in looks),
        shares=_shares(chart, numbers),
        wide=chart.kind == "stack",
    )


def _look(chart: Chart, series: str, place: int) -> tuple[str, str, int]:
    if chart.kind == "stack":
        state = AccountState(series)
        said = words.ACCOUNT_STATE[state]
        return said.label, said.colour, HATCHES.get(state, 0)
    return (series, LINES[series], place) if chart.kind == "lines" else (series, ACCENT, 0)


def _shares(chart: Chart, numbers: tuple[tuple[int, ...], ...]) -> tuple[str, ...]:
    """Of classes and grades who has signed in; in the funnel, of those who began."""
    if chart.name == "funnel" and numbers[0][0]:
        return tuple(f"{number / numbers[0][0]:.0%}" for (number,) in numbers)
    return tuple(f"{share:.0%}" for share in chart.shares)
