"""Around the sign-in page: whom an attack holds up and whom it does not, and who is told of what."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from core import database
from core.config import settings
from core.models import AuditEntry, Campaign, Invitation, MessageAccount, SchoolSettings, Throttle
from core.rules import sign_in_limits
from core.services import initial_passwords, wordings
from core.web import patience
from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import Browser

WRONG = "not this one at all"
NEW = "copper lantern behind the mill"


def _told(kind: str) -> list[int]:
    with database.reading() as db:
        query = select(MessageAccount.account_id).join(Campaign, col(Campaign.id) == MessageAccount.campaign_id)
        return list(db.exec(query.where(Campaign.kind == kind)))


def _attack(username: str, *, times: int, clock: Clock | None = None, address: str = "testclient") -> None:
    with browsing.browser(address=address) as attacker:
        for _time in range(times):
            assert attacker.sign_in(username, WRONG).status_code == 403
            if clock:
                clock.forward(hours=1, seconds=1)


def test_r09_the_victim_gets_in_on_their_own_device_and_the_attacker_waits(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    sam = browsing.give_password(cast.sam.account)
    assert browser.sign_in(sam).status_code == 303
    browser.open("/me")
    browser.send("/sign-out")
    _attack(sam, times=6)
    with browsing.browser() as stranger:
        assert stranger.sign_in(sam).status_code == 403
    assert browser.sign_in(sam).status_code == 303


def test_r09_whoever_chose_a_password_by_a_link_gets_in_with_it_while_strangers_go_on_guessing(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    browser.open("/invitation")
    assert browser.send("/invitation", {"password": NEW, "again": NEW}).status_code == 303
    assert browsing.SESSION() not in browser.cookies
    _attack(cast.sam.account.username, times=6)
    with browsing.browser() as stranger:
        assert stranger.sign_in(cast.sam.account.username, NEW).status_code == 403
    assert browser.sign_in(cast.sam.account.username, NEW).headers["location"] == "/me"


def test_r08_r09_a_suspended_account_opens_on_a_known_device_and_stays_suspended_elsewhere(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    sam = browsing.give_password(cast.sam.account)
    browser.sign_in(sam)
    browser.open("/me")
    browser.send("/sign-out")
    with database.transaction() as db:
        account = db.get_one(type(cast.sam.account), cast.sam.account.id)
        account.failed_sign_ins = 99
    _attack(sam, times=1, clock=clock)
    assert browsing.stored(cast.sam.account).suspended_at
    assert browser.sign_in(sam).status_code == 303
    with browsing.browser() as stranger:
        answer = stranger.sign_in(sam)
        assert answer.status_code == 403 and "is not right" in answer.text


def test_r09_a_device_is_known_to_its_own_account_only_and_cannot_be_made_up(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    sam, max_ = browsing.give_password(cast.sam.account), browsing.give_password(cast.max.account)
    browser.sign_in(max_)
    genuine = browser.cookies["dev"]
    _attack(sam, times=6)
    forged = genuine.replace(f"{cast.max.account.id}.", f"{cast.sam.account.id}.", 1)
    for value in (genuine, forged, "", "~~~", "1.2.3.4", "é", "x" * 9000):
        with browsing.browser() as other:
            other.client.cookies.set("dev", value.encode("ascii", "replace").decode(), domain="localhost.local")
            assert other.sign_in(sam).status_code == 403
    clock.forward(days=181)
    with browsing.browser() as later:
        later.carry("dev", genuine)
        _attack(max_, times=6)
        assert later.sign_in(max_).status_code == 403


def test_r09_a_family_computer_knows_all_who_signed_in_on_it(browser: Browser, cast: Cast, clock: Clock) -> None:
    names = [browsing.give_password(member.account) for member in (cast.sam, cast.max, cast.gina)]
    for name in names:
        assert browser.sign_in(name).status_code == 303
        browser.open("/me")
        browser.send("/sign-out")
    assert browser.cookies["dev"].count("~") == 2
    for name in names:
        _attack(name, times=5)
        assert browser.sign_in(name).status_code == 303


def _counted() -> dict[str, int]:
    with database.reading() as db:
        return {row.scope: row.times for row in db.exec(select(Throttle))}


def test_r10_r31_who_proves_anew_who_they_are_is_counted_like_somebody_at_the_door_and_failures_only(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    olga = browsing.give_password(cast.olga.account)
    browser.sign_in(olga)
    clock.forward(minutes=11)
    browser.open("/me/second-factor")
    assert browser.send("/me/second-factor/app", {"proof": WRONG}).status_code == 403
    assert _counted() == {"everybody": 1, "address": 1, "staff": 1, "device": 1}
    browser.open("/me")
    assert browser.send("/me/password", {"current": WRONG, "password": NEW}).status_code == 422
    assert _counted() == {"everybody": 2, "address": 2, "staff": 2, "device": 2}
    browser.open("/me/second-factor")
    assert browser.send("/me/second-factor/app", {"proof": browsing.PASSWORD}).status_code == 303
    assert _counted() == {"everybody": 2, "address": 2, "staff": 2}  # the slips of this browser are forgiven


def test_r10_r31_guessing_in_a_session_left_open_makes_the_account_wait_and_alarms(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    browsing.give_password(cast.ada.account)
    browser.sign_in(browsing.give_password(cast.olga.account))
    browser.open("/me")
    for _try in range(22):
        assert browser.send("/me/password", {"current": WRONG, "password": NEW}).status_code == 422
        clock.forward(seconds=1)
    assert browsing.stored(cast.olga.account).next_try_at
    assert browser.send("/me/password", {"current": browsing.PASSWORD, "password": NEW}).status_code == 422
    assert _told("sign_in_alarm") == [cast.ada.account.id]


def test_r09_r31_the_victim_proves_who_they_are_on_their_own_device_whatever_strangers_did(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    olga = browsing.give_password(cast.olga.account)
    browser.sign_in(olga)
    _attack(olga, times=6)
    clock.forward(minutes=11)
    browser.open("/me/second-factor")
    assert browser.send("/me/second-factor/app", {"proof": browsing.PASSWORD}).status_code == 303
    browser.open("/me")
    assert browser.send("/me/password", {"current": browsing.PASSWORD, "password": NEW}).status_code == 303


def test_r08_r31_a_session_on_a_browser_that_is_not_known_waits_with_its_account(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    sam = browsing.give_password(cast.sam.account)
    browser.sign_in(sam)
    browser.client.cookies.delete("dev")
    _attack(sam, times=6)
    browser.open("/me")
    assert browser.send("/me/password", {"current": browsing.PASSWORD, "password": NEW}).status_code == 422


def test_r10_under_attack_strangers_wait_five_seconds_and_known_devices_do_not(
    browser: Browser, cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(patience.anyio, "sleep", sleep)
    sam, max_ = browsing.give_password(cast.sam.account), browsing.give_password(cast.max.account)
    browser.sign_in(sam)
    with database.transaction() as db:
        began = sign_in_limits.window_of(clock.now)
        db.add(Throttle(scope="address", subject="unknown", began_at=began, times=100))
    browser.client.cookies.delete("sid")
    assert browser.sign_in(sam).status_code == 303
    assert waits == []
    with browsing.browser() as stranger:
        assert stranger.sign_in(max_).status_code == 303  # slowed down, never locked out
    assert waits == [5.0]


def test_r10_five_hundred_good_sign_ins_from_one_address_are_not_held_up(cast: Cast, clock: Clock) -> None:
    """Counted are failures only: as many as a class needs leave no trace."""
    sam = browsing.give_password(cast.sam.account)
    for _time in range(10):
        with browsing.browser() as one:
            assert one.sign_in(sam).status_code == 303
    with database.reading() as db:
        assert db.exec(select(Throttle)).all() == []


def test_r21_an_initial_password_is_dead_after_a_hundred_tries(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        initial_passwords.issue(db, cast.ada.actor, account_id=cast.sam.account.id, expected=1)
        db.get_one(type(cast.sam.account), cast.sam.account.id).failed_sign_ins = 99
    with database.transaction() as db:
        revealed = initial_passwords.reveal(db, cast.ada.actor, account_id=cast.sam.account.id or 0)
    assert revealed
    _attack(cast.sam.account.username, times=1)
    assert browser.sign_in(revealed.username, revealed.password).status_code == 403
    with database.reading() as db:
        (row,) = db.exec(select(Invitation).where(Invitation.account_id == cast.sam.account.id)).all()
        assert row.superseded_because == "guessed"


@pytest.mark.both_databases
def test_r09_r21_strangers_who_guess_do_not_hold_up_whoever_has_the_slip_in_their_hand(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    slip, name = _slip(cast), cast.sam.account.username
    _attack(name, times=6, address="203.0.113.9")
    with browsing.browser(address="203.0.113.9") as attacker:
        assert attacker.sign_in(name, slip).status_code == 403  # where the guesses came from it waits
    assert browser.sign_in(name, slip).headers["location"] == "/sign-in/new-password"
    browser.open("/sign-in/new-password")
    assert browser.send("/sign-in/new-password", {"password": NEW, "again": NEW}).status_code == 303
    _attack(name, times=6, address="203.0.113.9")
    with browsing.browser(address="198.51.100.7") as elsewhere:
        assert (
            elsewhere.sign_in(name, NEW).status_code == 403
        )  # a chosen password can be guessed, so it waits everywhere
    assert browser.sign_in(name, NEW).headers["location"] == "/me"


def test_r21_failures_of_ones_own_network_hold_the_slip_up_at_this_account_only(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    slip = _slip(cast)
    _attack(cast.max.account.username, times=30)
    _attack("nobody.at.all", times=30)
    _attack(cast.sam.account.username, times=6, address="203.0.113.9")
    assert browser.sign_in(cast.sam.account.username, slip).headers["location"] == "/sign-in/new-password"
    clock.forward(minutes=1)
    for _try in range(5):
        browser.sign_in(cast.sam.account.username, WRONG)
    assert browser.sign_in(cast.sam.account.username, slip).status_code == 403


def _slip(cast: Cast) -> str:
    """The initial password of Sam, as it was printed."""
    with database.transaction() as db:
        initial_passwords.issue(db, cast.ada.actor, account_id=cast.sam.account.id, expected=1)
    with database.transaction() as db:
        revealed = initial_passwords.reveal(db, cast.ada.actor, account_id=cast.sam.account.id or 0)
    assert revealed
    return revealed.password


def test_r33_whoever_signs_in_on_a_new_device_is_told_by_mail_but_not_the_first_time(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    olga = browsing.give_password(cast.olga.account)
    browser.sign_in(olga)
    assert _told("new_device") == []
    browser.client.cookies.delete("sid")
    browser.sign_in(olga)
    assert _told("new_device") == []  # the same browser again
    for _device in range(2):  # told once a day
        with browsing.browser() as other:
            other.sign_in(olga)
    assert _told("new_device") == [cast.olga.account.id]


def test_r33_students_are_told_where_the_school_wants_it(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    sam = browsing.give_password(cast.sam.account)
    for wanted, told in ((False, []), (True, [cast.sam.account.id])):
        with database.transaction() as db:
            db.get_one(SchoolSettings, 1).tell_students_of_new_devices = wanted
        for _device in range(2):
            with browsing.browser() as other:
                other.sign_in(sam)
        assert _told("new_device") == told


def test_r57_a_made_up_forwarded_address_does_not_stand_in_the_audit(
    browser: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(proxies: str) -> str:
        monkeypatch.setenv("FIRSTKEY_TRUSTED_PROXIES", proxies)
        settings.cache_clear()
        browser.open("/sign-in")
        forged = {"X-Forwarded-For": "6.6.6.6, 198.51.100.1", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
        browser.send("/sign-in", {"username": "nobody", "password": WRONG}, **forged)
        with database.reading() as db:
            return db.exec(select(AuditEntry.ip).order_by(col(AuditEntry.seq).desc())).first() or ""

    assert seen("") == "testclient"
    assert seen("192.0.2.0/24") == "testclient"
