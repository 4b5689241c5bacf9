"""Account status at 100,000 students: the first view and a change of the filter, from the data to all charts."""

from __future__ import annotations

import gc
import statistics
from random import Random

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, database
from core.models import AcademicPeriod, Account, Person
from core.permissions import Actor
from core.tables import data_version, needs, options, status, status_charts, status_followed
from core.tables.filters import StatusFilter
from core.tables.status_people import People
from tests.benchmarks import list_reruns
from tests.benchmarks.list_reruns import ms
from tests.benchmarks.report import Report, p95
from tests.benchmarks.scratch import seeded_school

STUDENTS, VIEWS, CHANGES, READS = 100_000, 40, 60, 5
TYPES = ("student", "guardian", "teacher", "staff", "all")


def run(report: Report) -> None:
    """The figures of the group."""
    with seeded_school(students=STUDENTS):
        figures(report, list_reruns.office(), suffix="100k")


def figures(report: Report, actor: Actor, *, suffix: str) -> None:
    """First views are those after somebody has done something, as each is; the very first reads everybody.

    `status_filter_anew` is a change of the filter after somebody has done something.
    """
    with database.reading() as db:
        sections = options.sections(db, actor)
        years = list(db.exec(select(AcademicPeriod.id)))
        grades = options.grades(db, actor)
    page = _Page(actor, sections)
    gc.freeze()  # as the application does once it has started
    with list_reruns.roll():
        all_read = [ms(page.begin) for _ in range(READS)]
        report.figure(f"status_all_read_p50_ms_{suffix}", statistics.median(all_read), "ms", runs=READS)
        first = [_after_an_act(page, StatusFilter(), number) for number in range(VIEWS)]
        report.figure(f"status_first_p95_ms_{suffix}", p95(first), "ms", runs=VIEWS)
        asked = [_question(Random(number), list(sections), grades, years) for number in range(CHANGES)]
        for user_type in TYPES:
            with database.reading() as db:
                page.view(db, StatusFilter(user_type=user_type))
        changes = [ms(lambda db, one=one: page.view(db, one)) for one in asked]
        report.figure(f"status_filter_p95_ms_{suffix}", p95(changes), "ms", runs=CHANGES)
        anew = [_after_an_act(page, one, number) for number, one in enumerate(asked[:VIEWS])]
        report.figure(f"status_filter_anew_p95_ms_{suffix}", p95(anew), "ms", runs=VIEWS)


def _after_an_act(page: _Page, asked: StatusFilter, number: int) -> float:
    """Somebody signs in, and another loses their number."""
    with database.transaction() as db:
        person_id = db.scalar(select(col(Account.person_id)).order_by(col(Account.id)).offset(97 * number).limit(1))
        db.execute(sa.update(Account).where(col(Account.person_id) == person_id).values(first_sign_in_at=clock.now()))
        db.execute(sa.update(Person).where(col(Person.id) == (person_id or 0) + 1).values(mobile=""))
    return ms(lambda db: page.view(db, asked))


class _Page:
    """What the page asks of the data; people are kept as the page keeps them."""

    def __init__(self, actor: Actor, sections: dict[int, str]) -> None:
        self.actor, self.sections = actor, sections
        self._kept: dict[str, tuple[str, People]] = {}
        self._counted = ""

    def begin(self, db: Session) -> None:
        """As in a process that has just started."""
        status_followed._KEPT = status_followed._Kept()
        self._kept.clear()
        self.view(db, StatusFilter())

    def view(self, db: Session, asked: StatusFilter) -> None:
        found = status.ask(db, self.actor, people=self._people(db, asked), filter=asked, sections=self.sections)
        status.headlines(found)
        for draw in status_charts.DRAWN:
            draw(found)
        status_charts.classes(found, order="fewest", first=0, most=20)
        self._needs(db)

    def _people(self, db: Session, asked: StatusFilter) -> People:
        seen = data_version.now(db)
        known = self._kept.get(asked.user_type)
        if known is None or known[0] != seen:
            known = (seen, status_followed.people(db, self.actor, user_type=asked.user_type))
            self._kept[asked.user_type] = known
        return known[1]

    def _needs(self, db: Session) -> None:
        seen = data_version.now(db)
        if self._counted != seen:
            needs.of(db, self.actor)
            self._counted = seen


def _question(chance: Random, sections: list[int], grades: list[str], years: list[int | None]) -> StatusFilter:
    """Mostly one more answer than before, of any kind."""
    return StatusFilter(
        user_type=chance.choice((*("student",) * 6, *TYPES)),
        grades=tuple(chance.sample(grades, chance.choice((0, 0, 1, 2)))),
        section_ids=tuple(chance.sample(sections, chance.choice((0, 0, 1, 3)))),
        period_id=chance.choice((None, None, *years)),
    )
