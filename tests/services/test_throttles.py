"""Counted failures: what survives, what slows down, when administrators are told. On both databases."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from core import database
from core.models import AuditEntry, Campaign, CampaignKind, MessageAccount, Throttle
from core.permissions import visitor
from core.rules import sign_in_limits
from core.services import notices, throttles, wordings
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

ATTACKER = "203.0.113.9"


def _fail(times: int, *, ip: str = ATTACKER, member: Member | None = None, device: str = "") -> list[bool]:
    alarms = []
    for _time in range(times):
        with database.transaction() as db:
            account_id = member.account.id if member else None
            alarms.append(throttles.failed(db, visitor(ip), account_id=account_id, device=device))
    return alarms


def _seconds(ip: str) -> float:
    with database.reading() as db:
        return throttles.slow_down(db, ip=ip).total_seconds()


def test_r10_an_address_slows_down_after_a_hundred_failures_and_nobody_else(cast: Cast, clock: Clock) -> None:
    _fail(99)
    assert _seconds(ATTACKER) == 0
    _fail(1)
    database.forget()  # as after a restart
    assert (_seconds(ATTACKER), _seconds("198.51.100.4")) == (5, 0)
    clock.forward(minutes=10)  # the end of a window is no fresh start
    assert _seconds(ATTACKER) == 5
    clock.forward(minutes=10)
    assert _seconds(ATTACKER) == 0


def test_r10_failures_from_many_addresses_slow_all_strangers_down(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_limits, "ALL_SLOW_FROM", 30)
    for number in range(30):
        _fail(1, ip=f"203.0.113.{number}")
    assert _seconds("198.51.100.4") == 5


def test_r10_administrators_are_told_once_a_window_and_not_of_what_is_usual(cast: Cast, clock: Clock) -> None:
    assert not any(_fail(20, member=cast.sam))
    with database.transaction() as db:
        for row in db.exec(select(Throttle).where(Throttle.scope == "everybody")):
            row.times = 400
    many = _fail(3, ip="198.51.100.1")
    assert many == [True, False, False]
    clock.forward(minutes=10)
    assert not any(_fail(30, ip="198.51.100.2"))
    with database.reading() as db:
        (entry,) = db.exec(select(AuditEntry).where(AuditEntry.action == "sign_in.alarm")).all()
    assert entry.details == {"in_all": 401, "of_staff": 0, "from_address": 1}


def test_r98_twenty_one_failures_on_accounts_of_staff_are_an_alarm(cast: Cast, clock: Clock) -> None:
    assert _fail(21, member=cast.tom) == [False] * 20 + [True]


def test_r10_the_alarm_goes_to_those_who_administer_by_mail(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.get_one(type(cast.ada.account), cast.ada.account.id).password_hash = "chosen"
        campaign_id = notices.alarm(db)
        told = db.exec(
            select(MessageAccount.account_id, Campaign.kind)
            .join(Campaign, col(Campaign.id) == MessageAccount.campaign_id)
            .where(Campaign.id == campaign_id)
        ).all()
    assert told == [(cast.ada.account.id, CampaignKind.SIGN_IN_ALARM)]


def test_r09_a_known_device_that_fails_too_often_counts_as_unknown(cast: Cast, clock: Clock) -> None:
    def trusted() -> bool:
        with database.reading() as db:
            return throttles.is_trusted(db, device="abc")

    _fail(4, device="abc")
    assert trusted()
    _fail(1, device="abc")
    assert not trusted()
    clock.forward(minutes=10)  # the end of a window is no fresh start
    assert not trusted()
    clock.forward(minutes=15)
    assert trusted()
    for _hour in range(4):
        _fail(4, device="abc")
        clock.forward(hours=1)
    assert not trusted()  # slowly guessed all day
    with database.transaction() as db:
        throttles.forgive(db, device="abc")
    assert trusted()


def test_counts_of_last_month_are_forgotten(cast: Cast, clock: Clock) -> None:
    _fail(1)
    clock.forward(days=9)
    with database.transaction() as db:
        assert throttles.forget_old(db) == 2
        assert db.exec(select(Throttle)).all() == []


def test_r20_those_who_ask_for_links_are_counted_by_address_and_in_all_and_slowed_down(
    cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        waits = [throttles.asked(db, ip=ATTACKER).total_seconds() for _time in range(31)]
        assert waits == [0] * 30 + [5]
        assert throttles.asked(db, ip="198.51.100.4").total_seconds() == 0
        for number in range(300 - 32):
            throttles.asked(db, ip=f"198.51.{number}.4")
        assert throttles.asked(db, ip="198.51.100.5").total_seconds() == 5
        clock.forward(minutes=10)
        assert throttles.asked(db, ip=ATTACKER).total_seconds() == 0


def test_r10_from_one_address_many_set_out_for_microsoft_slowly_and_nobody_elsewhere_waits(
    cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        waits = [throttles.set_out(db, ip=ATTACKER).total_seconds() for _time in range(302)]
        assert waits == [0] * 300 + [5] * 2
        assert throttles.set_out(db, ip="198.51.100.4").total_seconds() == 0
        clock.forward(minutes=10)
        assert throttles.set_out(db, ip=ATTACKER).total_seconds() == 0
