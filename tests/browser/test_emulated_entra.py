"""Signing in with a Microsoft Entra that others have written: the invitation, and the way back in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from core import config, database
from core.models import Account, Person
from core.services import invitations
from tests.browser.staff import SLOW
from tests.peers import emulated_entra, firstkey
from tests.peers.emulated_entra import EmulatedEntra
from tests.peers.firstkey import Server, free_port

pytestmark = pytest.mark.browser
SAM, MAX = "sam@school.example", "max@school.example"


@pytest.fixture(scope="module")
def port() -> str:
    return str(free_port())


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory, port: str) -> Iterator[EmulatedEntra]:
    folder, users = tmp_path_factory.mktemp("entra"), {SAM: "Sam Sideris", MAX: "Max Sideris"}
    back = f"http://localhost:{port}/auth/callback"
    with emulated_entra.running(folder, users=users, come_back_to=back) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, entra: EmulatedEntra, port: str) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in entra.settings().items():
            patch.setenv(name, value)
        with firstkey.running(tmp_path_factory.mktemp("school"), port=port) as running:
            patch.setenv("FIRSTKEY_DATABASE_URL", running.environment["FIRSTKEY_DATABASE_URL"])
            patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
            _forget()
            yield running
    _forget()


def _forget() -> None:
    config.settings.cache_clear()
    database.forget()


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=server.url, viewport={"width": 360, "height": 740}, ignore_https_errors=True, locale="en-GB"
    )
    yield context.new_page()
    context.close()


def _invited(address: str) -> str:
    """The link of somebody of the demo school whose account is this user's."""
    with database.transaction() as db:
        free = select(Account).join(Person).where(Account.user_type == "student", Person.language == "en")
        free = free.where(Account.standing == "not_invited", Account.sign_in_method == "local")
        account = db.exec(free.order_by(Account.id)).first()
        account.sign_in_method, account.username, account.username_key = "microsoft", address, address
        db.flush()
        issued = invitations.issue_link(db, account_id=account.id, channel="email", address="x@mail.example", days=7)
        return f"/i/{issued.token}"


def test_an_invitation_is_accepted_by_the_right_person_and_opens_the_portal_from_then_on(phone: Page) -> None:
    phone.goto(_invited(SAM))
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_text(MAX).first.click()
    expect(phone.get_by_text("This invitation is for another Microsoft account")).to_be_visible(timeout=SLOW)
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_text(SAM).first.click()
    expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)
    phone.get_by_role("button", name="Sign out").click()
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_text(SAM).first.click()
    expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)
