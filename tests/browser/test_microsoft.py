"""With Microsoft 365 in a real browser: the invitation on a phone, the wrong person, signing out, the switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from core import config, database
from core.gateways import microsoft_identity
from core.models import Account, AccountRole, Person
from core.permissions import Role
from core.services import invitations, selections
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.browser import staff
from tests.browser.staff import SLOW
from tests.peers import entra as peer
from tests.peers import firstkey
from tests.peers.entra import OTHER_TENANT, Entra, User
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser

SAM = User("Sam Sideris", "sam@school.example", "0b1ec7aa-0000-4000-8000-000000000001")
MAX = User("Max Sideris", "max@school.example", "0b1ec7aa-0000-4000-8000-000000000002")
ANNA = User("Anna Alexi", "anna@school.example", "0b1ec7aa-0000-4000-8000-000000000004")
STELLA = replace(SAM, name="Stella", address="stella@elsewhere.example", object_id="0b1e-3", tenant=OTHER_TENANT)


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    with peer.running(tmp_path_factory.mktemp("entra"), [SAM, MAX, ANNA, STELLA]) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, entra: Entra) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in entra.settings().items():
            patch.setenv(name, value)
        with firstkey.running(tmp_path_factory.mktemp("school")) as running:
            patch.setenv("FIRSTKEY_DATABASE_URL", running.environment["FIRSTKEY_DATABASE_URL"])
            patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
            _forget()
            yield running
    _forget()


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=server.url, viewport={"width": 360, "height": 740}, ignore_https_errors=True, locale="en-GB"
    )
    yield context.new_page()
    context.close()


def _forget() -> None:
    config.settings.cache_clear()
    microsoft_identity.from_settings.cache_clear()
    database.forget()


def _invited(user: User) -> str:
    """The link of somebody of the demo school whose account is this user's."""
    with database.transaction() as db:
        free = select(Account, Person).where(Account.person_id == Person.id, Account.user_type == "student")
        free = free.where(Account.standing == "not_invited", Account.sign_in_method == "local", Person.language == "en")
        account, _person = db.exec(free.order_by(Account.id)).first()
        account.sign_in_method = "microsoft"
        account.username = account.username_key = user.address
        db.flush()
        issued = invitations.issue_link(db, account_id=account.id, channel="email", address="x@mail.example", days=7)
        return f"/i/{issued.token}"


def test_an_invitation_with_microsoft_from_the_link_to_my_account(phone: Page, server: Server) -> None:
    phone.goto(_invited(SAM))
    expect(phone.get_by_text(SAM.address)).to_be_visible(timeout=SLOW)
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_role("link", name=MAX.address).click()
    expect(phone.get_by_text("This invitation is for another Microsoft account")).to_be_visible(timeout=SLOW)
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_role("link", name=SAM.address).click()
    expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)
    assert phone.url == f"{server.url}/me"
    phone.get_by_role("button", name="Sign out").click()
    expect(phone.get_by_text("not of Microsoft")).to_be_visible(timeout=SLOW)
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_role("link", name=SAM.address).click()
    expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)


def test_a_person_of_another_school_and_one_who_gives_up_stay_out(phone: Page) -> None:
    phone.goto("/sign-in")
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_role("link", name=STELLA.address).click()
    expect(phone.get_by_text("not one of your school")).to_be_visible(timeout=SLOW)
    phone.get_by_role("link", name="Sign in with Microsoft").click()
    phone.get_by_role("link", name="Cancel").click()
    expect(phone.get_by_text("Nothing has changed")).to_be_visible(timeout=SLOW)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_flipping_the_switch_on_off_and_on_breaks_nothing(chromium: Browser, server: Server, phone: Page) -> None:
    """Each time: what differs is said first, usernames stay, lists and check open, and a student gets in."""
    phone.goto(_invited(ANNA))
    phone.get_by_role("link", name="Sign in with Microsoft").click(timeout=SLOW)
    phone.get_by_role("link", name=ANNA.address).click()
    expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)
    before, selection = _usernames(), _everybody_chosen()
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    for _on in (True, False, True):
        _flip(page)
        assert _usernames() == before
        for path in ("/students", "/accounts"):
            staff.open_list(page, path)
            assert page.get_by_test_id("stException").count() == 0
        page.goto(f"/campaigns?selection={selection}")
        expect(page.get_by_text("will receive").first).to_be_visible(timeout=SLOW)
        staff.settled(page)
        assert page.get_by_test_id("stException").count() == 0
        phone.get_by_role("button", name="Sign out").click()
        phone.get_by_role("link", name="Sign in with Microsoft").click(timeout=SLOW)
        phone.get_by_role("link", name=ANNA.address).click()
        expect(phone.get_by_role("heading", name="My account")).to_be_visible(timeout=SLOW)
    context.close()


def _flip(page: Page) -> None:
    page.goto("/settings?section=Microsoft%20365")
    page.get_by_text("The school uses Microsoft 365").click(timeout=SLOW)
    expect(page.get_by_text("No username that exists changes")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    page.get_by_role("button", name="Save this change").click()
    expect(page.get_by_text("Microsoft 365 is changed")).to_be_visible(timeout=SLOW)


def _usernames() -> dict[int, str]:
    with database.reading() as db:
        return dict(db.exec(select(Account.id, Account.username)).all())


def _everybody_chosen() -> int:
    """All students, chosen by the administrator that the office's first member becomes."""
    with database.transaction() as db:
        held = select(AccountRole).where(AccountRole.role == "office").order_by(AccountRole.account_id)
        office = db.exec(held).first().account_id
        db.add(AccountRole(account_id=office, role="administrator", everybody=True))
        actor = make.actor(db.get_one(Account, office), Role.ADMINISTRATOR)
        selections.everything(db, actor, list_name="students", filter=StudentFilter())
        return selections.current(db, actor, list_name="students").id or 0
