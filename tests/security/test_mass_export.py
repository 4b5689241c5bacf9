"""T12: somebody has the password of an administrator, or their browser, and wants the data of the whole school.

Without the second factor nothing opens, a session that is not fresh takes nothing, and whoever takes it all is noticed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.models import Alert, AuditEntry, PersonKind, SchoolSettings, SignInSession, TotpDevice
from core.permissions import Actor, Role
from core.services import selections
from core.tables import list_columns, selection_rows
from core.tables.filters import AccountFilter
from tests import cast as make
from tests.security.site import Site, Stranger
from tests.web.browsing import HASH

ALARMS_WITHIN_S = 60 + 15  # a busy machine may begin its look late


@dataclass(frozen=True)
class Ines:
    """Another administrator, who has an app: who has one is always asked for it, and other tests sign Ada in."""

    actor: Actor
    seed: str

    @property
    def username(self) -> str:
        return self.actor.label

    def code(self) -> str:
        """A code that was not used yet, without waiting for the next half minute."""
        with database.transaction() as db:
            db.get_one(TotpDevice, self.actor.account_id).last_step = 0
        return pyotp.TOTP(self.seed).now()


@pytest.fixture(scope="module")
def ines(site: Site) -> Iterator[Ines]:
    """The school asks for a second factor, she has set up her app, and alarms go to the head."""
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.second_factor, own.alert_address = True, "head@school.example"
        who = make.person(db, kind=PersonKind.STAFF, first_name="Ines", last_name="Iver")
        account = make.account(db, person=who, username="ines.iver", password_hash=HASH, user_type="administrator")
        make.role(db, account=account, role=Role.ADMINISTRATOR)
        actor = make.actor(account, Role.ADMINISTRATOR)
    with site.stranger("198.51.100.12") as browser:
        browser.sign_in(actor.label)
        browser.open("/sign-in/app")
        shown = re.search(r'class="seed">([A-Z2-7 ]+)<', browser.page)
        assert shown
        seed = shown[1].replace(" ", "")
        assert browser.send("/sign-in/app", {"code": pyotp.TOTP(seed).now()}).status_code == 200
    yield Ines(actor, seed)
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.second_factor, own.alert_address = False, ""


def test_t12_r25_a_stolen_password_of_an_administrator_opens_nothing_without_the_code(site: Site, ines: Ines) -> None:
    with site.stranger("203.0.113.12") as thief:
        assert thief.sign_in(ines.username).headers["location"] == "/sign-in/code"
        thief.open("/sign-in/code")
        for wrong in ("000000", "", "123456", ines.seed[:6]):
            assert thief.send("/sign-in/code", {"code": wrong}).status_code == 403
        assert thief.open("/sign-in/app").headers["location"] == "/sign-in/code"  # no app of their own either
        assert "sid" not in thief.client.cookies
        for path in ("/", "/accounts", "/me", "/me/second-factor", "/reports"):
            assert thief.open(path).headers["location"].startswith("/sign-in"), path
        asked = thief.send("/files/list-csv", {"selection_id": "1", "expected": "1", "scope": "selected"})
        assert (asked.status_code, asked.text) == (404, "Not found")


def test_t12_r31_r98_a_session_that_is_not_fresh_takes_nothing_and_who_takes_it_all_is_noticed_within_a_minute(
    site: Site, ines: Ines
) -> None:
    with database.transaction() as db:  # what the thief spoilt is over
        device = db.get_one(TotpDevice, ines.actor.account_id)
        device.failed_tries, device.next_try_at = 0, None
    with site.stranger("198.51.100.12") as browser:
        browser.sign_in(ines.username)
        browser.open("/sign-in/code")
        assert browser.send("/sign-in/code", {"code": ines.code()}).status_code == 303
        fields = _everybody(ines, browser)
        _let_time_pass(ines, minutes=11)
        refused = _take(browser, fields)
        assert refused.status_code == 403 and "is it you?" in refused.text
        assert _take(browser, fields | {"proof": "000000"}).status_code == 403
        assert _taken(ines) == []
        taken = _take(browser, fields | {"proof": ines.code()})
        assert taken.status_code == 200 and taken.headers["content-disposition"].startswith("attachment")
        assert [_take(browser, fields).status_code for _time in range(2)] == [200, 200]
    numbers = _taken(ines)
    assert len(numbers) == 3 and sum(numbers) > 500
    began, alarm = time.monotonic(), None
    while alarm is None and time.monotonic() - began < ALARMS_WITHIN_S:
        time.sleep(1)
        with database.reading() as db:
            alarm = db.exec(select(Alert).where(Alert.kind == "mass_export")).first()
    assert alarm and (alarm.account_id, alarm.number) == (ines.actor.account_id, sum(numbers))
    assert "open Audit" in site.mail_to("head@school.example")["text"]


def _everybody(ines: Ines, browser: Stranger) -> dict[str, str]:
    """The form of the export, as the page of the list writes it."""
    actor = ines.actor
    with database.transaction() as db:
        selections.everything(db, actor, list_name="accounts", filter=AccountFilter())
        chosen = selections.current(db, actor, list_name="accounts").id or 0
        expected = selection_rows.size(db, actor, selection_id=chosen)
    browser.open("/me")
    own = {"form_token": browser.hidden("form_token"), "columns": ",".join(list_columns.ACCOUNTS), "sort": "name"}
    return own | {"selection_id": str(chosen), "expected": str(expected), "scope": "selected"}


def _take(browser: Stranger, fields: dict[str, str]) -> httpx.Response:
    return browser.client.post("/files/list-csv", data=fields)


def _taken(ines: Ines) -> list[int]:
    """How many people each export of hers held."""
    mine = select(AuditEntry).where(AuditEntry.action == "list.exported")
    with database.reading() as db:
        found = db.exec(mine.where(AuditEntry.account_id == ines.actor.account_id)).all()
        return [int(str(row.details["count"])) for row in found]


def _let_time_pass(ines: Ines, *, minutes: int) -> None:
    """Her screen has stood open so long."""
    since = clock.now() - timedelta(minutes=minutes)
    mine = col(SignInSession.account_id) == ines.actor.account_id
    with database.transaction() as db:
        db.execute(sa.update(SignInSession).where(mine).values(created_at=since, confirmed_at=None))
