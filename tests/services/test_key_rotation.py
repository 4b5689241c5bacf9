"""A new key for a school at work, rehearsed: live links, initial passwords, sessions and apps go on (R94)."""

from __future__ import annotations

import base64
from pathlib import Path

import pyotp
import pytest
from sqlmodel import select

from core import config, database, keys
from core.errors import SettingsError
from core.models import Account, Invitation, SignInStep, Superseded, TotpDevice
from core.permissions import command_line, visitor
from core.rules import one_time_codes, recovery_codes
from core.services import (
    activation,
    audit,
    initial_passwords,
    invitations,
    key_rotation,
    open_session,
    second_factor,
    sign_in,
    sign_in_steps,
)
from core.tables import candidates, keys_in_use
from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing

pytestmark = pytest.mark.both_databases

ROOT = command_line("root")
HASHES = {recovery_codes.hint(code): "$argon2" for code in recovery_codes.make()}


@pytest.fixture(autouse=True)
def key_file(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The key stands in a file, as in an installation without FIRSTKEY_SECRET_KEY."""
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()
    return tmp_path / "secret.key"


def _rotate() -> int:
    keys.add()
    with database.transaction() as db:
        return key_rotation.reseal(db, ROOT)


def _app_of_ada(cast: Cast, clock: Clock) -> bytes:
    with database.transaction() as db:
        token = sign_in_steps.begin(db, cast.ada.actor, target="/")
        step = sign_in_steps.look_up(db, token=token)
        assert step
        code = pyotp.TOTP(base64.b32encode(step.seed).decode()).at(clock.now)
        assert second_factor.enrol(db, visitor(), step=step, typed=code, codes=HASHES)
    clock.forward(minutes=1)
    return step.seed


def _link_of_sam(cast: Cast) -> str:
    with database.transaction() as db:
        sam = cast.sam.account.id or 0
        return invitations.issue_link(db, account_id=sam, channel="email", address="x@mail.example", days=7).token


def test_r94_links_passwords_sessions_and_apps_of_before_go_on(cast: Cast, clock: Clock) -> None:
    seed, link = _app_of_ada(cast, clock), _link_of_sam(cast)
    with database.transaction() as db:
        initial_passwords.issue(db, cast.olga.actor, account_id=cast.max.account.id or 0, expected=1)
        before = initial_passwords.reveal(db, cast.olga.actor, account_id=cast.max.account.id or 0)
        db.get_one(Account, cast.gina.account.id).password_hash = "$argon2"
    with database.transaction() as db:
        gina = candidates.named(db, username=cast.gina.account.username)
        opened = sign_in.open(db, visitor(), candidate=gina, fits=True)
        step = sign_in_steps.begin(db, cast.tom.actor, target="/")
    old = keys.current().kid
    assert _rotate() == 2  # Ada's app, and the one that Tom is setting up
    assert keys.current().kid != old
    with database.transaction() as db:
        offer = activation.look_up(db, visitor(), token=link)
        assert (offer.is_live, offer.username) == (True, cast.sam.account.username)
        assert initial_passwords.reveal(db, cast.olga.actor, account_id=cast.max.account.id or 0) == before
        assert opened and open_session.actor_of(db, token=opened.token)
        still = sign_in_steps.look_up(db, token=step)
        assert still and still.seed
        code = pyotp.TOTP(base64.b32encode(seed).decode()).at(clock.now)
        assert second_factor.accept(db, visitor(), account_id=cast.ada.account.id or 0, typed=code)
        assert audit.verify(db).broken_at is None


def test_r40_r94_forms_that_were_open_while_the_key_was_changed_are_taken(cast: Cast, clock: Clock) -> None:
    browsing.give_password(cast.sam.account)
    with browsing.browser() as browser:
        browser.open("/sign-in")
        _rotate()
        answer = browser.send("/sign-in", {"username": cast.sam.account.username, "password": browsing.PASSWORD})
        assert answer.status_code == 303
        open_before = browser.open("/me") and browser.form_token
        _rotate()
        assert browser.open("/me") and browser.form_token != open_before
        language = {"language": "el", "form_token": open_before}
        assert browser.send("/me/language", language).status_code == 303
        keys.replace()  # the key was stolen: nothing of before is taken
        assert browser.send("/me/language", language).status_code == 403


def test_r94_what_is_new_has_the_new_key_and_nothing_sealed_keeps_the_old(cast: Cast, clock: Clock) -> None:
    _app_of_ada(cast, clock)
    _rotate()
    _link_of_sam(cast)
    with database.reading() as db:
        kids = set(db.exec(select(TotpDevice.kid))) | set(db.exec(select(Invitation.kid)))
        kids |= set(db.exec(select(SignInStep.kid).where(SignInStep.kid != "")))
    assert kids == {keys.current().kid}


def test_r94_an_old_key_stays_while_a_link_lives_and_goes_when_nothing_needs_it(
    cast: Cast, clock: Clock, key_file: Path
) -> None:
    keys.current()
    _link_of_sam(cast)
    keys.add()
    with database.transaction() as db:
        needed = keys_in_use.all_of_them(db)
        assert keys_in_use.live_until(db, but=keys.current().kid) is not None
    assert keys.keep(needed) == 0 and len(key_file.read_text().split()) == 2
    clock.forward(days=7, seconds=1)
    with database.reading() as db:
        assert keys_in_use.live_until(db, but=keys.current().kid) is None
        needed = keys_in_use.all_of_them(db)
    assert keys.keep(needed) == 1 and len(key_file.read_text().split()) == 1


def test_r94_a_link_of_the_old_key_ends_on_its_day_all_the_same(cast: Cast, clock: Clock) -> None:
    link = _link_of_sam(cast)
    _rotate()
    clock.forward(days=7, seconds=1)
    with database.reading() as db:
        assert activation.look_up(db, visitor(), token=link).standing is activation.Standing.ENDED


def test_r92_the_file_of_the_keys_is_for_one_user_before_and_after(key_file: Path, clock: Clock) -> None:
    for _time in range(2):
        keys.add()
        assert key_file.stat().st_mode & 0o777 == 0o600
    assert len(key_file.read_text().split()) == 3


def test_r94_a_key_of_the_environment_is_rotated_there(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = bytes(range(1, 33)).hex(), bytes(range(101, 133)).hex()
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", old)
    config.settings.cache_clear()
    seed = _app_of_ada(cast, clock)
    with pytest.raises(SettingsError, match="FIRSTKEY_SECRET_KEY_PREVIOUS"):
        keys.add()
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", new)
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY_PREVIOUS", old)
    config.settings.cache_clear()
    with database.transaction() as db:
        assert key_rotation.reseal(db, ROOT) == 1
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY_PREVIOUS", "")
    config.settings.cache_clear()
    with database.transaction() as db:
        code = pyotp.TOTP(base64.b32encode(seed).decode()).at(clock.now)
        assert second_factor.accept(db, visitor(), account_id=cast.ada.account.id or 0, typed=code)


def test_r93_with_another_key_than_the_databases_it_does_not_start(cast: Cast, clock: Clock, key_file: Path) -> None:
    _app_of_ada(cast, clock)
    _link_of_sam(cast)
    with database.reading() as db:
        keys_in_use.require(db)
    kept = key_file.read_text()
    key_file.unlink()
    with database.reading() as db, pytest.raises(SettingsError, match="Put the right one back"):
        keys_in_use.require(db)
    key_file.write_text(kept)
    with database.reading() as db:
        keys_in_use.require(db)


def test_a_key_lost_for_good_ends_what_it_opened_and_the_school_goes_on(
    cast: Cast, clock: Clock, key_file: Path
) -> None:
    _app_of_ada(cast, clock)
    _link_of_sam(cast)
    key_file.unlink()
    with database.transaction() as db:
        gone = key_rotation.give_up(db, ROOT)
    assert gone == {"links": 1, "recovery_codes": 10, "apps": 1}
    with database.reading() as db:
        keys_in_use.require(db)
        assert db.exec(select(Invitation)).one().superseded_because == Superseded.VOIDED


def test_a_seed_of_a_code_is_the_same_after_two_rotations(cast: Cast, clock: Clock) -> None:
    seed = _app_of_ada(cast, clock)
    for _time in range(2):
        assert _rotate() == 1
    code = pyotp.TOTP(base64.b32encode(seed).decode()).at(clock.now)
    assert one_time_codes.step_of(seed, code, at=clock.now)
    with database.transaction() as db:
        assert second_factor.accept(db, visitor(), account_id=cast.ada.account.id or 0, typed=code)


def test_the_file_is_read_again_when_it_has_changed_and_only_then(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keys.current()
    reads: list[Path] = []
    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *how: reads.append(path) or read_text(path, *how))
    assert [keys.current().kid for _ in range(3)] == [first.kid] * 3 and not reads
    keys.add()
    assert keys.current().kid != first.kid in keys.known()
    key_file.write_text(key_file.read_text().split()[1] + "\n")
    assert keys.current() == first
