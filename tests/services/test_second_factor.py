"""The second factor: apps, recovery codes, who may take it away, on both databases."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import database, sealing
from core.errors import Conflict, FreshCodeRequired, NotAllowed, NotFound
from core.models import (
    Account,
    AccountRole,
    AuditEntry,
    Campaign,
    Message,
    RecoveryCode,
    SignInSession,
    SignInStep,
    TotpDevice,
)
from core.permissions import Scope, visitor
from core.rules import one_time_codes, recovery_codes
from core.services import audit, open_session, second_factor, sign_in, sign_in_steps, wordings
from core.services.sign_in_steps import Step
from core.tables import second_factor as factors
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.both_databases

HASHES = {recovery_codes.hint(code): f"$argon2-of-{code}" for code in recovery_codes.make()}


def _begun(who: Member, *, enrol: bool = False) -> tuple[str, Step]:
    with database.transaction() as db:
        token = sign_in_steps.begin(db, who.actor, target="/students", enrol=enrol)
    with database.reading() as db:
        step = sign_in_steps.look_up(db, token=token)
    assert step
    return token, step


def _code(seed: bytes, clock: Clock, *, seconds: int = 0) -> str:
    app = pyotp.TOTP(base64.b32encode(seed).decode())
    return app.at(clock.now + timedelta(seconds=seconds))


def _enrolled(who: Member, clock: Clock) -> bytes:
    """Sets up an app for `who`, a minute ago; gives its seed."""
    _token, step = _begun(who, enrol=True)
    with database.transaction() as db:
        assert second_factor.enrol(db, visitor(), step=step, typed=_code(step.seed, clock), codes=HASHES)
    clock.forward(minutes=1)
    return step.seed


def _accepts(who: Member, typed: str) -> bool:
    with database.transaction() as db:
        return second_factor.accept(db, visitor(), account_id=who.account.id or 0, typed=typed)


def _actions() -> list[str]:
    with database.reading() as db:
        return list(db.exec(select(AuditEntry.action).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_r26_a_code_is_taken_once(cast: Cast, clock: Clock) -> None:
    code = _code(_enrolled(cast.ada, clock), clock)
    assert _accepts(cast.ada, code)
    assert not _accepts(cast.ada, code)
    clock.forward(seconds=30)
    assert not _accepts(cast.ada, code)


def test_r26_the_code_that_set_the_app_up_is_used_up_by_that(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    assert not _accepts(cast.ada, _code(seed, clock, seconds=-60))
    clock.forward(minutes=-1)
    assert not _accepts(cast.ada, _code(seed, clock))
    assert _accepts(cast.ada, _code(seed, clock, seconds=30))


def test_r26_an_earlier_code_is_not_taken_after_a_later_one(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    assert _accepts(cast.ada, _code(seed, clock, seconds=30))
    assert not _accepts(cast.ada, _code(seed, clock))


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_r26_clocks_may_differ_by_half_a_minute(cast: Cast, clock: Clock, seconds: int, taken: bool) -> None:
    seed = _enrolled(cast.ada, clock)
    assert _accepts(cast.ada, _code(seed, clock, seconds=seconds)) is taken


def test_r26_one_code_sent_by_twenty_windows_enters_once(cast: Cast, clock: Clock) -> None:
    code = _code(_enrolled(cast.ada, clock), clock)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _window: _accepts(cast.ada, code), range(20))) == 1


def test_r26_after_five_wrong_codes_even_the_right_one_waits_whatever_the_step(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    assert not any(_accepts(cast.ada, "000000") for _try in range(5))
    assert not _accepts(cast.ada, _code(seed, clock))
    _begun(cast.ada)
    with database.reading() as db:
        waits_until = second_factor.waits_until(db, account_id=cast.ada.account.id or 0)
    assert waits_until == clock.now + timedelta(seconds=30)
    clock.forward(seconds=31)
    assert _accepts(cast.ada, _code(seed, clock))


def test_r26_r90_the_seed_has_160_bits_and_stands_nowhere_in_the_database(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    assert len(seed) * 8 >= 160
    with database.reading() as db:
        device = db.get_one(TotpDevice, cast.ada.account.id)
    assert seed not in device.sealed and base64.b32encode(seed) not in device.sealed
    assert len({one_time_codes.new_seed() for _seed in range(100)}) == 100


def test_r90_a_seed_moved_to_another_account_opens_nothing(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    _enrolled(cast.olga, clock)
    with database.transaction() as db:
        stolen = db.get_one(TotpDevice, cast.ada.account.id)
        values = {"sealed": stolen.sealed, "kid": stolen.kid}
        db.execute(sa.update(TotpDevice).where(TotpDevice.account_id == cast.olga.account.id).values(values))  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="cannot be read"):
        _accepts(cast.olga, _code(seed, clock))


def test_r27_ten_codes_of_fifty_secret_bits_are_hashed_and_good_once(cast: Cast, clock: Clock) -> None:
    codes = recovery_codes.make()
    assert len(set(codes)) == 10
    assert (recovery_codes.LENGTH - recovery_codes.HINT_LENGTH) * 5 >= 50
    _enrolled(cast.ada, clock)
    with database.reading() as db:
        known = factors.recovery_code(db, account_id=cast.ada.account.id or 0, hint=next(iter(HASHES)))
    results = []
    for _try in range(2):
        with database.transaction() as db:
            who = cast.ada.account.id or 0
            results.append(second_factor.accept_recovery(db, visitor(), account_id=who, code_id=known.id, fits=True))
    assert results == [True, False]
    with database.reading() as db:
        assert factors.standing(db, cast.ada.actor).codes_left == 9


def test_r27_a_recovery_code_of_somebody_else_is_none(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.ada, clock)
    _enrolled(cast.olga, clock)
    with database.transaction() as db:
        of_ada = db.exec(select(RecoveryCode).where(RecoveryCode.account_id == cast.ada.account.id)).first()
        olga = cast.olga.account.id or 0
        assert of_ada
        assert not second_factor.accept_recovery(db, visitor(), account_id=olga, code_id=of_ada.id, fits=True)


def test_r27_after_five_wrong_recovery_codes_even_the_right_one_waits(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.ada, clock)
    with database.reading() as db:
        known = factors.recovery_code(db, account_id=cast.ada.account.id or 0, hint=next(iter(HASHES)))

    def accepts(*, fits: bool) -> bool:
        with database.transaction() as db:
            who = cast.ada.account.id or 0
            return second_factor.accept_recovery(db, visitor(), account_id=who, code_id=known.id, fits=fits)

    assert not any(accepts(fits=False) for _try in range(5))
    assert not accepts(fits=True)
    clock.forward(seconds=31)
    assert accepts(fits=True)


def test_r27_new_codes_end_the_old_ones(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.ada, clock)
    new = {recovery_codes.hint(code): "$argon2" for code in recovery_codes.make()}
    with database.transaction() as db:
        second_factor.renew_codes(db, cast.ada.actor, codes=new)
    with database.reading() as db:
        assert set(db.exec(select(RecoveryCode.hint))) == set(new)


def test_r24_a_step_opens_nothing_after_ten_minutes_or_a_new_password(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.ada, clock)
    for happens in (lambda: clock.forward(minutes=10), lambda: _new_password(cast.ada, clock)):
        token, _step = _begun(cast.ada)
        happens()
        with database.reading() as db:
            assert sign_in_steps.look_up(db, token=token) is None


def test_r24_an_account_that_is_closed_between_password_and_code_is_not_opened(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    token, step = _begun(cast.ada)
    with database.transaction() as db:
        db.get_one(Account, cast.ada.account.id).deactivated_at = clock.now
    with database.transaction() as db:
        assert sign_in_steps.look_up(db, token=token) is None
        assert second_factor.accept(db, visitor(), account_id=step.account_id, typed=_code(seed, clock))
        assert sign_in.admit(db, visitor(), account_id=step.account_id) is None


def test_r24_a_role_that_ends_between_password_and_code_opens_nothing(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        db.execute(sa.delete(AccountRole).where(col(AccountRole.account_id) == cast.ada.account.id))
        assert sign_in.admit(db, visitor(), account_id=cast.ada.account.id or 0) is None
        assert db.exec(select(SignInSession)).all() == []


def test_r17_whoever_types_the_code_while_the_password_changes_does_not_get_in_with_the_old_one(
    cast: Cast, clock: Clock
) -> None:
    seed = _enrolled(cast.ada, clock)
    _token, step = _begun(cast.ada)

    def types_the_code(db: Session) -> tuple[bool, bool]:
        right = second_factor.accept(db, visitor(), account_id=step.account_id, typed=_code(seed, clock))
        return right, sign_in_steps.end(db, step_id=step.id)

    assert meanwhile(lambda db: _password_changes(db, cast.ada), types_the_code) == [(True, False)]


def _password_changes(db: Session, who: Member) -> None:
    """As whoever stores one does it: the account first, then all that was open ends."""
    db.get(Account, who.account.id, with_for_update=True)
    open_session.close_all(db, account_id=who.account.id or 0)


def _new_password(who: Member, clock: Clock) -> None:
    clock.forward(seconds=1)
    with database.transaction() as db:
        db.merge(who.account).password_changed_at = clock.now


def test_an_app_set_up_in_another_window_ends_the_step_that_would_replace_it(cast: Cast, clock: Clock) -> None:
    token, step = _begun(cast.ada)
    clock.forward(seconds=5)
    _enrolled(cast.ada, clock)
    with database.reading() as db:
        assert sign_in_steps.look_up(db, token=token) is None
    with database.transaction() as db:
        assert not second_factor.enrol(db, visitor(), step=step, typed=_code(step.seed, clock), codes=HASHES)


def test_the_step_is_no_session(cast: Cast, clock: Clock) -> None:
    token, _step = _begun(cast.ada)
    with database.reading() as db:
        assert open_session.actor_of(db, token=token) is None
        assert db.exec(select(SignInSession)).first() is None
        stored = db.exec(select(SignInStep)).one()
    assert token not in (stored.id, stored.token_hash)


def test_another_administrator_removes_it_and_the_person_is_signed_out_and_told(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.olga, clock)
    _begun(cast.olga)
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        make.just_signed_in(db, cast.olga.actor)
    with database.transaction() as db:
        second_factor.remove(db, cast.ada.actor, account_id=cast.olga.account.id or 0)
        told = second_factor.tell(db, cast.ada.actor, account_id=cast.olga.account.id or 0, removed=True)
    with database.reading() as db:
        assert not factors.is_enrolled(db, account_id=cast.olga.account.id or 0)
        assert db.exec(select(RecoveryCode)).first() is None and db.exec(select(SignInStep)).first() is None
        assert all(session.ended_at for session in db.exec(select(SignInSession)))
        assert db.get_one(Campaign, told).kind == "second_factor_removed"
        assert [message.address for message in db.exec(select(Message))] == [cast.olga.person.contact_email]
        assert audit.verify(db).broken_at is None
    assert _actions()[-1] == "second_factor.removed"


def test_nobody_removes_their_own_nor_without_a_fresh_code_nor_without_the_role(cast: Cast, clock: Clock) -> None:
    _enrolled(cast.ada, clock)
    _enrolled(cast.olga, clock)
    olga = cast.olga.account.id or 0
    stale = replace(cast.ada.actor, fresh_until=clock.now)
    for actor, account_id, refusal in (
        (cast.ada.actor, cast.ada.account.id or 0, NotAllowed),
        (stale, olga, FreshCodeRequired),
        (cast.olga.actor, cast.ada.account.id or 0, NotAllowed),
        (replace(cast.ada.actor, scope=Scope()), olga, NotFound),
    ):
        with pytest.raises(refusal), database.transaction() as db:
            second_factor.remove(db, actor, account_id=account_id)
    with database.reading() as db:
        assert len(db.exec(select(TotpDevice)).all()) == 2


def test_r59_pupils_set_up_no_app(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        second_factor.begin_again(db, cast.sam.actor)


def test_r97_the_audit_knows_what_happened_and_no_code(cast: Cast, clock: Clock) -> None:
    seed = _enrolled(cast.ada, clock)
    code = _code(seed, clock)
    _accepts(cast.ada, "000000")
    _accepts(cast.ada, code)
    kinds = ["second_factor.asked", "second_factor.enrolled", "second_factor.refused", "second_factor.accepted"]
    assert _actions() == kinds
    with database.reading() as db:
        assert code not in repr([entry.details for entry in db.exec(select(AuditEntry))])


def test_r90_a_changed_byte_or_another_row_or_table_opens_nothing(database: None) -> None:
    sealed = sealing.seal(b"seed", table="totp_device", row=7)
    assert sealing.unseal(sealed, table="totp_device", row=7) == b"seed"
    bent = replace(sealed, content=sealed.content[:-1] + bytes([sealed.content[-1] ^ 1]))
    for wrong, table, row in ((sealed, "totp_device", 8), (sealed, "sign_in_step", 7), (bent, "totp_device", 7)):
        with pytest.raises(sealing.SealBroken):
            sealing.unseal(wrong, table=table, row=row)
    with pytest.raises(sealing.SealBroken, match="gone"):
        sealing.unseal(replace(sealed, kid="another"), table="totp_device", row=7)
    again = sealing.seal(b"seed", table="totp_device", row=7)
    assert again.content != sealed.content and b"seed" not in repr(sealed).encode()
