"""The server's time for reruns of Students List: a page as the screen asks for it, and the number that comes later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from sqlmodel import Session, select

from core import database
from core.models import Account
from core.permissions import Actor, Role, Scope
from core.services import selections
from core.tables import students
from core.tables.filters import PAGE_SIZE, Page, StudentFilter
from core.tables.roll import answers
from pages.shared import by_keyboard
from pages.shared.picker import COUNTED_AT_ONCE
from pages.shared.student_columns import COLUMNS
from tests.benchmarks import list_questions
from tests.benchmarks.report import Report, p95
from tests.cast import FRESH_FOR_GOOD

RERUNS = 620
SHOWN = {*by_keyboard.NAMES, *(name for column in COLUMNS.values() if column.standard for name in column.names)}


@dataclass(frozen=True)
class Asked:
    """One question and what it cost."""

    kind: str
    filter: StudentFilter
    page: Page
    rows_ms: float
    count_ms: float
    exact_ms: float


def office() -> Actor:
    """An office account of the demo school: only an account keeps a selection."""
    with database.reading() as db:
        account = db.exec(select(Account).where(Account.user_type == "staff").limit(1)).one()
    whose = ("benchmark", account.id, account.person_id)
    return Actor(*whose, frozenset({Role.OFFICE}), Scope(everybody=True), fresh_until=FRESH_FOR_GOOD)


def ask(actor: Actor, *, runs: int = RERUNS, seed: int = 7, counted: bool = True) -> list[Asked]:
    """`runs` questions, of every kind as many; the first of each kind is not measured (plans are made once)."""
    chance = Random(seed)
    school = list_questions.look_around(actor, chance)
    with database.reading() as db:
        deepest = students.count(db, actor, filter=StudentFilter()) // PAGE_SIZE
        ids = [int(row) for row in students.page(db, actor, filter=StudentFilter(), page=Page())["id"]]
    with database.transaction() as db:
        selections.tick(db, actor, list_name="students", on=ids)
    done: list[Asked] = []
    for number in range(runs + len(list_questions.KINDS)):
        kind = list(list_questions.KINDS)[number % len(list_questions.KINDS)]
        wanted = list_questions.KINDS[kind](school, chance)
        page = list_questions.pages(chance, deepest=deepest)
        if page.number > 1:  # whoever leafs on has been told how many there are
            page = replace(page, total=_count(actor, wanted))
        rows_ms = ms(lambda db, w=wanted, p=page: _as_on_screen(db, actor, w, p))
        count_ms, exact_ms = _counts(actor, wanted) if counted else (0.0, 0.0)
        done.append(Asked(kind, wanted, page, rows_ms, count_ms, exact_ms))
    return done[len(list_questions.KINDS) :]


@contextmanager
def roll() -> Iterator[float]:
    """A process that holds its roll, and the seconds that it took to read it."""
    began, keeper = time.perf_counter(), answers.begin()
    while keeper.roll is None:
        time.sleep(0.05)
    try:
        yield time.perf_counter() - began
    finally:
        answers.end()


def _ask_for_each_order(actor: Actor) -> None:
    """As in a process that has run for a while: what nobody asked for yet, SQL would answer."""
    for sort in students.SORTS:
        for page in (Page(sort=sort), Page(sort=sort, descending=True)):
            ms(lambda db, page=page: students.ids(db, actor, filter=StudentFilter(), page=page))
    while (kept := answers._keeper) and kept.roll and (kept.roll.missed or kept.roll.being_read):
        time.sleep(0.05)


def _as_on_screen(db: Session, actor: Actor, wanted: StudentFilter, page: Page) -> None:
    """As the list asks for a page, with the columns of the beginning."""
    students.cells(db, actor, ids=students.ids(db, actor, filter=wanted, page=page), names=SHOWN)


def _counts(actor: Actor, wanted: StudentFilter) -> tuple[float, float]:
    """Until the page has a number, be it "100,000+" until the exact one is there, and until it has that."""
    first = ms(lambda db: students.count_up_to(db, actor, filter=wanted, limit=COUNTED_AT_ONCE))
    return first, ms(lambda db: students.count(db, actor, filter=wanted))


def _count(actor: Actor, wanted: StudentFilter) -> int:
    with database.reading() as db:
        return students.count(db, actor, filter=wanted)


def figures(report: Report, actor: Actor, *, suffix: str) -> None:
    """The rows, the number of matches as the page first shows it, the exact one; and what the roll takes at a start."""
    with roll() as seconds:
        _ask_for_each_order(actor)
        done = ask(actor)
    report.figure(f"roll_read_s_{suffix}", seconds, "s", runs=1)
    report.figure(f"list_rerun_p95_ms_{suffix}", p95([asked.rows_ms for asked in done]), "ms", runs=len(done))
    report.figure(f"list_count_p95_ms_{suffix}", p95([asked.count_ms for asked in done]), "ms", runs=len(done))
    report.figure(f"list_exact_count_p95_ms_{suffix}", p95([asked.exact_ms for asked in done]), "ms", runs=len(done))


def ms(read: Callable[[Session], Any]) -> float:
    """How long one look at the database takes."""
    started = time.perf_counter()
    with database.reading() as db:
        read(db)
    return (time.perf_counter() - started) * 1000
