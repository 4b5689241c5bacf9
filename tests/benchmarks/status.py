"""Account status at 100,000 students: the first view and a change of the filter, from the data to all charts."""

from __future__ import annotations

import gc
from random import Random

from sqlmodel import Session, select

from core import database
from core.models import AcademicPeriod
from core.permissions import Actor
from core.tables import data_version, needs, options, status, status_charts, status_people
from core.tables.filters import StatusFilter
from core.tables.status_people import People
from tests.benchmarks import list_reruns
from tests.benchmarks.list_reruns import ms
from tests.benchmarks.report import Report, p95
from tests.benchmarks.scratch import seeded_school

STUDENTS, VIEWS, CHANGES = 100_000, 40, 60
TYPES = ("student", "guardian", "teacher", "staff", "all")


def run(report: Report) -> None:
    """The figures of the group."""
    with seeded_school(students=STUDENTS):
        figures(report, list_reruns.office(), suffix="100k")


def figures(report: Report, actor: Actor, *, suffix: str) -> None:
    """First views read everybody. Changes are asked of what was read, and read another user type where they name one.

    `status_filter_anew` is a change after somebody has written something: everybody is read again.
    """
    with database.reading() as db:
        sections = options.sections(db, actor)
        years = list(db.exec(select(AcademicPeriod.id)))
        grades = options.grades(db, actor)
    page = _Page(actor, sections)
    gc.freeze()  # as the application does once it has started
    first = [ms(lambda db: page.view(db, StatusFilter(), anew=True)) for _ in range(VIEWS)]
    report.figure(f"status_first_p95_ms_{suffix}", p95(first), "ms", runs=VIEWS)
    asked = [_question(Random(number), list(sections), grades, years) for number in range(CHANGES)]
    for user_type in TYPES:
        with database.reading() as db:
            page.view(db, StatusFilter(user_type=user_type), anew=True)
    changes = [ms(lambda db, one=one: page.view(db, one, anew=False)) for one in asked]
    report.figure(f"status_filter_p95_ms_{suffix}", p95(changes), "ms", runs=CHANGES)
    anew = [ms(lambda db, one=one: page.view(db, one, anew=True)) for one in asked[:VIEWS]]
    report.figure(f"status_filter_anew_p95_ms_{suffix}", p95(anew), "ms", runs=VIEWS)


class _Page:
    """What the page asks of the data; people are kept as the page keeps them."""

    def __init__(self, actor: Actor, sections: dict[int, str]) -> None:
        self.actor, self.sections = actor, sections
        self._kept: dict[str, tuple[str, People]] = {}
        self._counted = ""

    def view(self, db: Session, asked: StatusFilter, *, anew: bool) -> None:
        found = status.ask(db, self.actor, people=self._people(db, asked, anew), filter=asked, sections=self.sections)
        status.headlines(found)
        for draw in status_charts.DRAWN:
            draw(found)
        status_charts.classes(found, order="fewest", first=0, most=20)
        self._needs(db, anew)

    def _people(self, db: Session, asked: StatusFilter, anew: bool) -> People:
        seen = data_version.now(db)
        known = self._kept.get(asked.user_type)
        if anew or known is None or known[0] != seen:
            known = (seen, status_people.read(db, self.actor, user_type=asked.user_type))
            self._kept[asked.user_type] = known
        return known[1]

    def _needs(self, db: Session, anew: bool) -> None:
        seen = data_version.now(db)
        if anew or self._counted != seen:
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
