"""500 one-page letters: from the click in the window to the whole file in the browser, in headless Chromium."""

from __future__ import annotations

import re
import statistics
import time

from playwright.sync_api import Page, sync_playwright
from sqlmodel import col, select

from core import database
from core.models import Account, AccountRole
from core.permissions import Actor, Role, Scope
from core.services import initial_passwords, invitations, selections
from core.tables.filters import AccountFilter
from tests.benchmarks import staff_sessions
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school
from tests.browser import staff
from tests.browser.conftest import launch
from tests.cast import FRESH_FOR_GOOD
from tests.peers import firstkey

STUDENTS, LETTERS, RUNS = 1_500, 500, 5


def run(report: Report) -> None:
    with (
        seeded_school(students=STUDENTS) as folder,
        firstkey.running(folder) as server,
        sync_playwright() as playwright,
    ):
        _credentials()
        browser = launch(playwright)
        context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sid", "value": staff_sessions.tokens(1)[0], "url": server.url}])
        page = context.new_page()
        _open_window(page)
        taken = [_download(page) for _ in range(RUNS)]
        browser.close()
    report.figure("letters_500_s", statistics.median(taken), "s", runs=RUNS)


def _credentials() -> None:
    """500 students get an initial password and a link; they are ticked for whoever signs in first."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        wanted = select(AccountRole.account_id).where(col(AccountRole.role).in_([Role.OFFICE, Role.ADMINISTRATOR]))
        mine = db.get_one(Account, db.exec(wanted.order_by(col(AccountRole.account_id)).limit(1)).one())
        whose = ("benchmark", mine.id, mine.person_id)
        roles = frozenset({Role.ADMINISTRATOR})
        actor = Actor(*whose, roles, Scope(everybody=True), fresh_until=FRESH_FOR_GOOD)
        local = select(Account.id).where(Account.user_type == "student", Account.sign_in_method == "local")
        chosen = [account_id or 0 for account_id in db.exec(local.where(Account.password_hash == "").limit(LETTERS))]
        selections.show(db, actor, list_name="accounts", filter=AccountFilter())
        selections.tick(db, actor, list_name="accounts", on=chosen)
        selection_id = selections.current(db, actor, list_name="accounts").id or 0
        found = initial_passwords.check(db, actor, selection_id=selection_id)
        initial_passwords.issue(db, actor, selection_id=selection_id, expected=found.receive)
        for account_id in chosen:
            invitations.issue_link(db, account_id=account_id, channel="copied", address="", days=7)


def _open_window(page: Page) -> None:
    staff.open_list(page, "/accounts")
    page.get_by_role("button", name="Reports", exact=True).click()
    page.get_by_role("button", name=re.compile("^User Account Credentials")).click()
    window = page.get_by_role("dialog")
    for choice in ("Students", "Letter"):
        window.get_by_text(choice, exact=True).click(timeout=staff.SLOW)
        staff.settled(page)


def _download(page: Page) -> float:
    button = page.get_by_role("dialog").get_by_role("button", name=re.compile("^Download for "))
    started = time.perf_counter()
    with page.expect_download(timeout=staff.SLOW) as waiting:
        button.click()
    size = waiting.value.path().stat().st_size
    taken = time.perf_counter() - started
    assert size > LETTERS * 300
    return taken
