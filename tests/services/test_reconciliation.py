"""Which messages the provider is asked about, what its answers may be taken for, and when to give up."""

from __future__ import annotations

import pytest

from core import database
from core.models import Channel, MessageStatus
from core.services import reconciliation, unknown_messages
from core.services.reconciliation import NO_RECEIPT, NOT_KNOWN, Silent
from tests.cast import Cast
from tests.conftest import Clock
from tests.services.text_messages import account_now, message, stored

pytestmark = pytest.mark.both_databases


def due(clock: Clock, *, campaign_id: int | None = None, limit: int = 100) -> list[int]:
    with database.reading() as db:
        found = reconciliation.due(db, now=clock.now, limit=limit, campaign_id=campaign_id)
    return [silent.message_id for silent in found]


def asked(*message_ids: int, not_known: tuple[int, ...] = ()) -> None:
    with database.transaction() as db:
        reconciliation.asked(db, message_ids=message_ids, not_known=not_known)


def own(message_id: int, *provider_ids: str) -> str | None:
    row = stored(message_id)
    silent = Silent(message_id, row.reference, row.provider_id, row.address, row.claimed_at)  # type: ignore[arg-type]
    with database.reading() as db:
        return reconciliation.own(db, silent=silent, provider_ids=provider_ids)


def test_a_sent_message_is_asked_about_after_15_minutes_and_every_15_minutes(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id="SM1")
    clock.forward(minutes=14)
    assert due(clock) == []
    clock.forward(minutes=1)
    assert due(clock) == [sent]
    asked(sent)
    clock.forward(minutes=14)
    assert due(clock) == []
    clock.forward(minutes=1)
    assert due(clock) == [sent]
    clock.forward(hours=72)
    assert due(clock) == []


def test_an_unknown_message_is_asked_about_once_it_can_be_listed(cast: Cast, clock: Clock) -> None:
    unknown = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    assert due(clock) == []
    clock.forward(minutes=1)
    assert due(clock) == [unknown]
    asked(unknown)
    assert due(clock) == []
    assert due(clock, campaign_id=stored(unknown).campaign_id) == [unknown]  # somebody waits for the answer
    assert due(clock, campaign_id=0) == []
    clock.forward(hours=73)
    assert due(clock) == []
    assert due(clock, campaign_id=stored(unknown).campaign_id) == [unknown]


@pytest.mark.parametrize("status", [s for s in MessageStatus if s not in (MessageStatus.SENT, MessageStatus.UNKNOWN)])
def test_nobody_asks_about_what_is_decided_or_under_way(cast: Cast, clock: Clock, status: MessageStatus) -> None:
    message(cast.sam.account, status=status, provider_id="SM1")
    clock.forward(hours=1)
    assert due(clock) == []


def test_the_longest_silence_is_asked_about_first(cast: Cast, clock: Clock) -> None:
    first, second = (message(member.account, provider_id=f"SM{member.account.id}") for member in (cast.sam, cast.max))
    clock.forward(minutes=20)
    asked(first)
    clock.forward(minutes=20)
    assert due(clock, limit=1) == [second]


def test_the_only_message_that_is_nobody_elses_is_the_lost_one(cast: Cast, clock: Clock) -> None:
    message(cast.max.account, provider_id="SMmax")
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    assert own(lost, "SMmax", "SMlost", "SMlost") == "SMlost"
    assert own(lost, "SMmax") is None
    assert own(lost, "SMlost", "SManother") is None


def test_two_lost_messages_to_one_number_are_left_to_a_person(cast: Cast, clock: Clock) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    message(cast.max.account, status=MessageStatus.UNKNOWN)
    assert own(lost, "SMlost") is None


@pytest.mark.parametrize("earlier", [None, "SMfirst"])
def test_a_message_on_its_way_to_the_same_number_may_be_the_strange_one(
    cast: Cast, clock: Clock, earlier: str | None
) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    message(cast.max.account, status=MessageStatus.SENDING, provider_id=earlier)
    assert own(lost, "SMfirst", "SMnew") is None


def test_what_the_provider_does_not_know_says_so_to_whoever_decides(cast: Cast, clock: Clock) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    sent = message(cast.max.account, provider_id="SMmax")
    asked(lost, sent, not_known=(lost, sent))
    assert (stored(lost).detail, stored(lost).event_at) == (NOT_KNOWN, clock.now)
    assert stored(sent).detail is None


def test_r86_without_a_final_word_for_72_hours_a_message_is_unknown(cast: Cast, clock: Clock) -> None:
    old = message(cast.sam.account, provider_id="SMold")
    arrived = message(cast.otto.account, provider_id="SMarrived", status=MessageStatus.DELIVERED)
    mail = message(cast.max.account, provider_id="<x@school.example>", channel=Channel.EMAIL)
    clock.forward(hours=71)
    young = message(cast.max.account, provider_id="SMyoung")
    clock.forward(hours=2)
    with database.transaction() as db:
        assert reconciliation.close_old(db) == 1
    with database.transaction() as db:
        assert reconciliation.close_old(db) == 0
    assert (stored(old).status, stored(old).detail) == (MessageStatus.UNKNOWN, NO_RECEIPT)
    assert [stored(one).status for one in (arrived, mail, young)] == ["delivered", "sent", "sent"]
    assert account_now(cast.sam.account).delivery == "unknown"
    assert account_now(cast.max.account).delivery != "unknown"


def test_what_a_person_found_to_have_arrived_stays_so(cast: Cast, clock: Clock) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN, detail=NO_RECEIPT)
    clock.forward(hours=73)
    with database.transaction() as db:
        unknown_messages.note_arrived(db, cast.olga.actor, campaign_id=stored(lost).campaign_id)
    with database.transaction() as db:
        assert reconciliation.close_old(db) == 0
    assert stored(lost).status == MessageStatus.SENT
