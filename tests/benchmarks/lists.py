"""Server time of a rerun of Students List and User Accounts: random filters, searches, orders and pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any

from sqlmodel import Session, select

from core import database
from core import demo as school
from core.models import Account, Person, Section
from core.permissions import Actor, Role, Scope, command_line
from core.rules.account_state import AccountState
from core.services import campaigns, selections, wordings
from core.services.campaigns import Draft
from core.tables import accounts, options, status, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests.benchmarks.report import Report, p95
from tests.benchmarks.scratch import scratch_school

RERUNS = 200
Read = Callable[[Session], Any]


def run(report: Report) -> None:
    with scratch_school():
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            school.seed(db, students=100_000, seed=1)
        office = _office()
        _reruns(report, office, Random(7))
        _status(report, office, Random(7))
        _select_all(report, office)


def _reruns(report: Report, actor: Actor, chance: Random) -> None:
    """What a rerun reads: the filter's options, the number, the page. The number also alone, as it may arrive later."""
    rows, counts = [], []
    for _ in range(RERUNS):
        wanted, page = _question(chance)
        rows.append(_ms(lambda db, w=wanted, p=page: students.page(db, actor, filter=w, page=p)))
        counts.append(_ms(lambda db, w=wanted: students.count(db, actor, filter=w)))
    both = [one + other for one, other in zip(rows, counts, strict=True)]
    report.figure("list_rerun_p95_ms_100k", p95(rows), "ms", runs=RERUNS)
    report.figure("list_rerun_with_count_p95_ms_100k", p95(both), "ms", runs=RERUNS)
    report.figure("list_count_p95_ms_100k", p95(counts), "ms", runs=RERUNS)
    report.figure("list_options_ms_100k", _ms(lambda db: options.sections(db, actor)), "ms", runs=1)
    of_accounts = [
        _ms(lambda db, t=t: accounts.page(db, actor, filter=AccountFilter(user_types=(t,)), page=Page()))
        for t in ("student", "guardian", "teacher", "staff")
    ]
    report.figure("accounts_page_p95_ms_100k", p95(of_accounts), "ms", runs=len(of_accounts))


def _question(chance: Random) -> tuple[StudentFilter, Page]:
    """A third searches for parts of names that are there, a third filters, a third leafs through an order."""
    with database.reading() as db:
        person = db.get_one(Person, chance.randrange(1, 100_000))
        section = db.exec(select(Section.id).offset(chance.randrange(1, 1000)).limit(1)).one()
    page = Page(1, chance.choice(list(students.SORTS)), chance.random() < 0.5)
    kind = chance.randrange(6)
    if kind < 2:
        text = chance.choice([person.last_name, person.last_name[:4], person.source_id, person.personal_email[:12]])
        return StudentFilter(text=text), page
    if kind == 2:
        return StudentFilter(section_ids=(section or 1,)), page
    if kind == 3:
        return StudentFilter(states=(chance.choice(list(AccountState)),), grades=(person.grade,)), page
    return StudentFilter(), Page(chance.randrange(1, 2000), page.sort, page.descending)


def _status(report: Report, actor: Actor, chance: Random) -> None:
    whole = [_ms(lambda db: status.by_state(db, actor, filter=AccountFilter())) for _ in range(10)]
    report.figure("status_first_p95_ms_100k", p95(whole), "ms", runs=len(whole))
    with database.reading() as db:
        sections = list(options.sections(db, actor))
    classes = [AccountFilter(section_ids=(chance.choice(sections),)) for _ in range(20)]
    by_class = [_ms(lambda db, c=wanted: status.by_state(db, actor, filter=c)) for wanted in classes]
    report.figure("status_filter_p95_ms_100k", p95(by_class), "ms", runs=len(by_class))


def _select_all(report: Report, actor: Actor) -> None:
    """From the click on *Select all* to the data of the check page."""

    def once() -> float:
        started = time.perf_counter()
        with database.transaction() as db:
            selections.everything(db, actor, list_name="students", filter=StudentFilter())
            selection_id = selections.current(db, actor, list_name="students").id
        with database.reading() as db:
            campaigns.check(db, actor, draft=Draft(selection_id=selection_id))
        return (time.perf_counter() - started) * 1000

    with database.transaction() as db:
        wordings.ensure_defaults(db)
    report.median("select_all_check_ms_100k", "ms", measure=once)


def _office() -> Actor:
    """An office account of the demo school may keep a selection."""
    with database.reading() as db:
        account = db.exec(select(Account).where(Account.user_type == "staff").limit(1)).one()
    everything = command_line("benchmark")
    return Actor(everything.label, account.id, account.person_id, frozenset({Role.OFFICE}), Scope(everybody=True))


def _ms(read: Read) -> float:
    started = time.perf_counter()
    with database.reading() as db:
        read(db)
    return (time.perf_counter() - started) * 1000
