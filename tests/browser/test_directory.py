"""*Microsoft directory* in a real browser: look up, accept all who are certain, create who is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.browser import staff
from tests.browser.staff import SLOW
from tests.peers import entra as peer
from tests.peers import firstkey
from tests.peers.entra import Entra
from tests.peers.firstkey import Server
from tests.peers.tenant import GROUP

pytestmark = pytest.mark.browser
MISSING = 5  # students who are not in the directory


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    with peer.running(tmp_path_factory.mktemp("entra"), []) as running:
        running.graph.groups[GROUP] = set()
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, entra: Entra) -> Iterator[Server]:
    """A school of its own with the people of the demo, whose students live in Microsoft 365."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in entra.settings().items():
            patch.setenv(name, value)
        with firstkey.running(tmp_path_factory.mktemp("school")) as running:
            _prepare(running, entra)
            yield running


def _prepare(server: Server, entra: Entra) -> None:
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        for statement, values in (
            ("UPDATE account_role SET role = 'administrator', everybody = true WHERE role = 'office'", {}),
            (
                "INSERT INTO account_role (account_id, role, everybody, section_ids, grades, schools) "
                "SELECT account_id, 'office', true, '[]', '[]', '[]' FROM account_role WHERE role = 'administrator'",
                {},
            ),
            (
                "UPDATE school_settings SET is_demo = false, microsoft = true, microsoft_domain = 'school.example', "
                "microsoft_user_types = '[\"student\"]', microsoft_licence_group = :group",
                {"group": GROUP},
            ),
        ):
            connection.execute(sa.text(statement), values)
        query = "SELECT first_name, last_name, source_id FROM person WHERE kind = 'student' AND status = 'registered'"
        students = connection.execute(sa.text(f"{query} ORDER BY id")).all()
    engine.dispose()
    for first, last, code in students[MISSING:]:
        entra.graph.add(f"{code.lower()}@school.example", name=f"{first} {last}", employee_id=code)


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def test_look_up_accept_all_and_create_who_is_missing(page: Page, entra: Entra) -> None:
    known = len(entra.graph.users)
    page.goto("/directory")
    page.get_by_role("button", name="Look up now").click(timeout=SLOW)
    expect(page.get_by_text(f"{known} people are in the directory")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Accept all").click()
    expect(page.get_by_text("Linked:", exact=False)).to_be_visible(timeout=SLOW)
    staff.settled(page)
    expect(page.get_by_role("radio", checked=True)).to_have_text(f"Without a match {MISSING}")  # who is left
    page.get_by_role("button", name="Create in Microsoft 365").click(timeout=SLOW)
    page.get_by_role("button", name=f"Create {MISSING} in Microsoft 365").click(timeout=SLOW)
    expect(page.get_by_text(f"Created in Microsoft 365: {MISSING}")).to_be_visible(timeout=SLOW)
    assert len(entra.graph.users) == known + MISSING
    assert len(entra.graph.groups[GROUP]) == MISSING
    staff.settled(page)
    assert page.get_by_test_id("stException").count() == 0
