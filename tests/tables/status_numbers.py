"""All numbers of Account status, each with how many stand in the list behind it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.tables import accounts, options, status, status_charts, status_people, students
from core.tables.filters import Page, StatusFilter, StudentFilter
from core.tables.status import Asked, ListFilter

CHARTS = (
    *(status_charts.states, status_charts.grades, status_charts.funnel, status_charts.days),
    *(status_charts.channels, status_charts.failures, status_charts.ageing, status_charts.addresses),
)


def asked_by(db: Session, actor: Actor, asked: StatusFilter) -> Asked:
    """What the page reads."""
    people = status_people.read(db, actor, user_type=asked.user_type)
    sections = options.sections(db, actor, period_id=asked.period_id)
    return status.ask(db, actor, people=people, filter=asked, sections=sections)


def numbers(asked: Asked) -> Iterator[tuple[str, int, ListFilter]]:
    """Every number of the page with the list behind it."""
    yield ("total", *status.total(asked))
    for one in status.headlines(asked):
        yield one.headline, one.number, one.behind
    for order in ("fewest", "most", "name"):
        chart, _number = status_charts.classes(asked, order=order, first=0, most=50)
        yield from ((f"classes {mark.row} {mark.series}", mark.number, mark.behind) for mark in chart.marks)
    for draw in CHARTS:
        chart = draw(asked)
        yield from ((f"{chart.name} {mark.row} {mark.series}", mark.number, mark.behind) for mark in chart.marks)


def listed(db: Session, actor: Actor, behind: ListFilter) -> int:
    """How many stand in the list."""
    if isinstance(behind, StudentFilter):
        return students.count(db, actor, filter=behind)
    return accounts.count(db, actor, filter=behind)


def shown(db: Session, actor: Actor, behind: ListFilter) -> set[str]:
    """The first names in the list."""
    if isinstance(behind, StudentFilter):
        return set(students.page(db, actor, filter=behind, page=Page())["first_name"])
    return set(accounts.page(db, actor, filter=behind, page=Page())["first_name"])


def agree(actor: Actor, asked: StatusFilter) -> set[str]:
    """Nothing is left out but most of the days on which nothing happened. Gives the names of the numbers above 0."""
    counted: dict[ListFilter, int] = {}
    seen = set[str]()
    with database.reading() as db:
        for place, (name, number, behind) in enumerate(numbers(asked_by(db, actor, asked))):
            if not number and name.startswith("days") and place % 10:
                continue
            if behind not in counted:
                counted[behind] = listed(db, actor, behind)
            assert number == counted[behind], f"{name} of {asked} for {actor.label}: {behind.as_json()}"
            seen |= {name} if number else set()
    return seen
