"""Students List and User Accounts at 100,000 students: reruns on both databases, in the browser, for 300 at once."""

from __future__ import annotations

import time

from core import database
from core.permissions import Actor
from core.services import campaigns, selections, wordings
from core.services.campaigns import Draft
from core.tables import accounts, options
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests.benchmarks import list_reruns, lists_browser, lists_sessions
from tests.benchmarks.list_reruns import ms
from tests.benchmarks.report import Report, p95
from tests.benchmarks.scratch import has_trigrams, seeded_school
from tests.peers import firstkey, postgres

STUDENTS = 100_000


def run(report: Report) -> None:
    """The figures of the group."""
    with seeded_school(students=STUDENTS) as folder:
        office = list_reruns.office()
        list_reruns.figures(report, office, suffix="100k")
        _accounts(report, office)
        _select_all(report, office)
        with firstkey.running(folder) as server:
            lists_browser.figures(report, server)
            lists_sessions.figures(report, server)
    on_postgresql(report, students=STUDENTS, suffix="100k_pg")


def on_postgresql(report: Report, *, students: int, suffix: str) -> None:
    """The reruns on a private cluster; without pg_trgm searches are right but read every row, so there is no figure."""
    with postgres.cluster(buffers="1GB") as url:  # as docs/operations.md says
        if not has_trigrams(url):
            report.figure(f"list_rerun_p95_ms_{suffix}", "n/a", "ms", runs=0)
            return
        with seeded_school(students=students, postgres_url=url):
            list_reruns.figures(report, list_reruns.office(), suffix=suffix)


def _accounts(report: Report, actor: Actor) -> None:
    report.figure("list_options_ms_100k", ms(lambda db: options.sections(db, actor)), "ms", runs=1)
    of_accounts = [
        ms(lambda db, t=t: accounts.page(db, actor, filter=AccountFilter(user_types=(t,)), page=Page()))
        for t in ("student", "guardian", "teacher", "staff") * 5
    ]
    report.figure("accounts_page_p95_ms_100k", p95(of_accounts), "ms", runs=len(of_accounts))


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
