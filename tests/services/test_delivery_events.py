"""Words of the provider: stored once, matched early or late, applied in any order, and the account knows."""

from __future__ import annotations

import threading
from itertools import permutations

import pytest

from core import database
from core.gateways.channels import Word
from core.models import Channel, FailureReason, Message, MessageStatus
from core.rules.delivery_events import CONTESTED
from core.rules.delivery_status import Outcome
from core.services import delivery, delivery_events, reconciliation, unknown_messages
from tests.cast import Cast
from tests.conftest import Clock
from tests.services import text_messages
from tests.services.text_messages import NUMBER, account_now, message, stored

pytestmark = pytest.mark.both_databases

SID = "SM00000000000000000000000000000001"


def store(*words: Word) -> list[int]:
    with database.transaction() as db:
        return delivery_events.store(db, channel=Channel.SMS, words=words)


def apply(limit: int = 500) -> int:
    with database.transaction() as db:
        return delivery_events.apply(db, limit=limit)


def hear(*words: tuple[str, str], sid: str = SID, reference: str = "") -> None:
    """Each word by itself, as callbacks come."""
    for status, code in words:
        store(Word(sid, status, code, reference))
        apply()


def test_a_delivered_message_is_delivered_and_its_account_knows(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    clock.forward(seconds=7)
    hear(("delivered", ""))
    mine = account_now(cast.sam.account)
    assert (stored(sent).status, stored(sent).event_at) == (MessageStatus.DELIVERED, clock.now)
    assert (mine.delivery, mine.delivery_reason, mine.delivery_address) == ("delivered", None, NUMBER)
    assert mine.times_invited == 0  # it was counted when it was sent


def test_a_lost_message_failed_with_its_reason_on_the_account(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    hear(("sent", ""), ("undelivered", "30005"))
    assert (stored(sent).status, stored(sent).reason) == (MessageStatus.FAILED, FailureReason.BAD_ADDRESS)
    assert stored(sent).detail
    assert account_now(cast.sam.account).delivery_reason == FailureReason.BAD_ADDRESS


def test_r83_replays_change_nothing(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    hear(("sent", ""), ("delivered", ""))
    before = (stored(sent), account_now(cast.sam.account), text_messages.events())
    clock.forward(days=3)
    for number in range(100):  # a thousand come through the door in tests/web/test_twilio_webhook.py
        assert store(Word(SID, ("sent", "delivered")[number % 2])) == []
        if number % 10 == 0:
            assert apply() == 0
    assert (stored(sent), account_now(cast.sam.account), text_messages.events()) == before


def test_r84_every_order_of_five_callbacks_gives_the_same_message(cast: Cast, clock: Clock) -> None:
    words = ["accepted", "queued", "sending", "sent", "delivered"]
    orders = [order for number, order in enumerate(permutations(words)) if number % 10 == 0]
    for number, order in enumerate(orders):
        sent = message(cast.sam.account, status=MessageStatus.SENDING)
        hear(*((word, "") for word in order), sid=f"SM{number}", reference=stored(sent).reference)
        assert (stored(sent).status, stored(sent).provider_id) == (MessageStatus.DELIVERED, f"SM{number}")
    assert account_now(cast.sam.account).times_invited == len(orders)


def test_r84_all_words_at_once_count_in_the_order_in_which_they_came(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    store(*(Word(SID, status) for status in ("sent", "delivered", "queued", "undelivered")))
    assert apply() == 4
    assert (stored(sent).status, stored(sent).detail) == (MessageStatus.DELIVERED, CONTESTED)


def test_r85_a_word_before_our_own_commit_is_kept_and_matched(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, status=MessageStatus.SENDING)
    hear(("sent", ""), ("delivered", ""))
    assert stored(sent).status == MessageStatus.SENDING
    clock.forward(minutes=14)
    with database.transaction() as db:
        delivery.record(db, message_id=sent, outcome=Outcome(MessageStatus.SENT, provider_id=SID))
    assert apply() == 2
    assert stored(sent).status == MessageStatus.DELIVERED
    assert account_now(cast.sam.account).times_invited == 1


def test_r85_a_word_that_nobody_claims_for_15_minutes_is_kept_unmatched(cast: Cast, clock: Clock) -> None:
    hear(("delivered", ""))
    clock.forward(minutes=16)
    sent = message(cast.sam.account, provider_id=SID)
    assert apply() == 0
    assert stored(sent).status == MessageStatus.SENT
    assert [event.applied_at for event in text_messages.events()] == [None]


def test_an_unmatched_word_that_is_said_again_under_our_own_name_finds_its_message(cast: Cast, clock: Clock) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    hear(("delivered", ""))
    clock.forward(hours=1)
    hear(("delivered", ""), reference=stored(lost).reference)
    assert (stored(lost).status, stored(lost).provider_id) == (MessageStatus.DELIVERED, SID)
    assert len(text_messages.events()) == 1


@pytest.mark.parametrize("named", [True, False])
def test_a_word_stored_just_before_a_long_power_cut_is_applied_after_it(cast: Cast, clock: Clock, named: bool) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    store(Word(SID, "delivered", "", stored(sent).reference if named else ""))
    clock.forward(hours=5)
    if not named:
        assert apply() == 0
        store(Word(SID, "delivered"))  # the provider was asked
    assert apply() == 1
    assert stored(sent).status == MessageStatus.DELIVERED


def test_words_that_wait_never_stand_before_others(cast: Cast, clock: Clock) -> None:
    store(*(Word(f"SMforeign{number}", "sent") for number in range(20)))
    sent = message(cast.sam.account, provider_id=SID)
    store(Word(SID, "delivered"))
    assert apply(limit=5) == 1
    assert stored(sent).status == MessageStatus.DELIVERED


@pytest.mark.parametrize("status", [MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.QUEUED])
def test_a_word_with_our_reference_tells_what_the_lost_reply_did_not(
    cast: Cast, clock: Clock, status: MessageStatus
) -> None:
    sent = message(cast.sam.account, status=status)
    hear(("queued", ""), reference=stored(sent).reference)
    assert (stored(sent).status, stored(sent).provider_id) == (MessageStatus.SENT, SID)
    hear(("delivered", ""))
    assert stored(sent).status == MessageStatus.DELIVERED


def test_the_senders_own_mark_after_the_word_counts_nobody_twice(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, status=MessageStatus.SENDING)
    hear(("delivered", ""), reference=stored(sent).reference)
    with database.transaction() as db:
        delivery.record(db, message_id=sent, outcome=Outcome(MessageStatus.SENT, provider_id=SID))
    mine = account_now(cast.sam.account)
    assert (stored(sent).status, mine.delivery, mine.times_invited) == (MessageStatus.DELIVERED, "delivered", 1)
    assert mine.invited_at == clock.now


def test_a_late_word_about_an_older_message_says_nothing_of_the_newer_one(cast: Cast, clock: Clock) -> None:
    older = message(cast.sam.account, provider_id=SID)
    clock.forward(days=1)
    message(cast.sam.account, provider_id="SMnewer", address="+306999999999")
    hear(("delivered", ""), sid="SMnewer")
    clock.forward(days=2)
    hear(("undelivered", "30005"))
    assert stored(older).status == MessageStatus.FAILED
    mine = account_now(cast.sam.account)
    assert (mine.delivery, mine.delivery_address) == ("delivered", "+306999999999")


def test_the_failure_of_an_earlier_try_does_not_count_against_the_later_one(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id="SMsecond")
    hear(("failed", "30008"), sid="SMfirst", reference=stored(sent).reference)
    assert stored(sent).status == MessageStatus.SENT
    hear(("delivered", ""), sid="SMfirst", reference=stored(sent).reference)
    assert (stored(sent).status, stored(sent).provider_id) == (MessageStatus.DELIVERED, "SMsecond")


def test_r88_stop_as_the_early_answer_to_a_second_try_counts(cast: Cast, clock: Clock) -> None:
    again = message(cast.sam.account, provider_id="SMfirst")
    clock.forward(hours=73)
    with database.transaction() as db:
        reconciliation.close_old(db)
    with database.transaction() as db:
        unknown_messages.send_again(db, cast.olga.actor, campaign_id=stored(again).campaign_id)
    being_sent(again)
    hear(("failed", "21610"), sid="SMsecond", reference=stored(again).reference)
    with database.transaction() as db:
        delivery.record(db, message_id=again, outcome=Outcome(MessageStatus.SENT, provider_id="SMsecond"))
    hear(("failed", "21610"), sid="SMsecond")
    assert (stored(again).status, stored(again).reason) == (MessageStatus.FAILED, FailureReason.OPTED_OUT)
    assert stored(again).provider_id == "SMsecond"
    assert account_now(cast.sam.account).delivery_reason == FailureReason.OPTED_OUT
    assert text_messages.opt_outs() == [("sms", NUMBER, clock.now)]


def test_every_order_of_early_words_about_a_second_try_gives_the_same_message(cast: Cast, clock: Clock) -> None:
    words = [("queued", ""), ("sent", ""), ("undelivered", "30005")]
    for number, order in enumerate(permutations(words)):
        again = message(cast.sam.account, status=MessageStatus.SENDING, provider_id=f"SMfirst{number}")
        hear(*order, sid=f"SMsecond{number}", reference=stored(again).reference)
        assert (stored(again).status, stored(again).reason) == (MessageStatus.FAILED, FailureReason.BAD_ADDRESS)
        assert stored(again).provider_id == f"SMsecond{number}"


@pytest.mark.parametrize("status", [MessageStatus.QUEUED, MessageStatus.SENDING])
@pytest.mark.parametrize("word", [("undelivered", "30005"), ("sent", "")])
def test_a_late_word_about_the_first_try_decides_nothing_about_the_second(
    cast: Cast, clock: Clock, status: MessageStatus, word: tuple[str, str]
) -> None:
    again = message(cast.sam.account, status=status, provider_id="SMfirst")
    hear(word, sid="SMfirst", reference=stored(again).reference)
    assert (stored(again).status, stored(again).provider_id) == (status, "SMfirst")
    being_sent(again)
    hear(("failed", "30008"), sid="SMsecond", reference=stored(again).reference)
    assert (stored(again).status, stored(again).provider_id) == (MessageStatus.FAILED, "SMsecond")


@pytest.mark.parametrize("status", [MessageStatus.QUEUED, MessageStatus.SENDING])
def test_what_arrived_late_by_the_first_try_is_there(cast: Cast, clock: Clock, status: MessageStatus) -> None:
    again = message(cast.sam.account, status=status, provider_id="SMfirst")
    hear(("delivered", ""), sid="SMfirst")
    assert stored(again).status == MessageStatus.DELIVERED


@pytest.mark.parametrize("earlier", [None, "SMfirst"])
def test_a_word_that_means_nothing_to_us_does_not_hide_the_next_one(
    cast: Cast, clock: Clock, earlier: str | None
) -> None:
    sent = message(cast.sam.account, status=MessageStatus.SENDING, provider_id=earlier)
    hear(("partially_delivered", ""), ("failed", "30008"), reference=stored(sent).reference)
    assert (stored(sent).status, stored(sent).provider_id) == (MessageStatus.FAILED, SID)


def being_sent(message_id: int) -> None:
    with database.transaction() as db:
        db.get_one(Message, message_id).status = MessageStatus.SENDING


def test_r88_who_texted_stop_is_never_written_to_again(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account, provider_id=SID)
    hear(("failed", "21610"))
    hear(("undelivered", "21610"))
    assert stored(sent).reason == FailureReason.OPTED_OUT
    assert text_messages.opt_outs() == [("sms", NUMBER, clock.now)]


def test_eight_at_once_apply_each_word_once(cast: Cast, clock: Clock) -> None:
    ids = [message(member.account, status=MessageStatus.SENDING) for member in (cast.sam, cast.max, cast.otto)]
    words = [Word(f"SM{place}", status, "", stored(sent).reference) for place, sent in enumerate(ids)
             for status in ("queued", "sent", "delivered")]  # fmt: skip
    barrier, applied = threading.Barrier(8), []

    def work(number: int) -> None:
        barrier.wait()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            delivery_events.store(db, channel=Channel.SMS, words=words[number:] + words[:number])
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            applied.append(delivery_events.apply(db))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(applied) + apply() == len(words)
    assert {stored(sent).status for sent in ids} == {MessageStatus.DELIVERED}
    assert [account_now(who.account).times_invited for who in (cast.sam, cast.max, cast.otto)] == [1, 1, 1]


def test_a_second_try_that_is_put_off_still_knows_the_first_one_by_its_name(cast: Cast) -> None:
    again = message(cast.sam.account, status=MessageStatus.SENDING, provider_id="SMfirst")
    with database.transaction() as db:
        delivery.record(db, message_id=again, outcome=Outcome(MessageStatus.QUEUED, detail="busy"))
    hear(("undelivered", "30008"), sid="SMfirst", reference=stored(again).reference)
    assert (stored(again).status, stored(again).provider_id) == (MessageStatus.QUEUED, "SMfirst")
