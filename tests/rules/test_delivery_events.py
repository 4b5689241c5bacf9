"""Words of a provider in every order: one final standing, and never backwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import FailureReason, MessageStatus
from core.rules import delivery_events
from core.rules.delivery_events import ARRIVED, CONTESTED, LOST, ON_ITS_WAY, Standing

S = MessageStatus
SENDING = Standing(S.SENDING)
RANK = {S.QUEUED: 0, S.SENDING: 0, S.UNKNOWN: 0, S.SENT: 1, S.DELIVERED: 2, S.FAILED: 2}
Words = Sequence[tuple[str, str]]


def hear(words: Words, start: Standing = SENDING) -> Standing:
    for status, code in words:
        start = delivery_events.after(start, status=status, code=code)
    return start


@pytest.mark.parametrize("last", [("delivered", ""), ("undelivered", "30003"), ("failed", "30007"), ("canceled", "")])
def test_r84_120_orders_of_five_callbacks_give_one_state(last: tuple[str, str]) -> None:
    words = [("accepted", ""), ("queued", ""), ("sending", ""), ("sent", ""), last]
    orders = list(permutations(words))
    assert len(orders) == 120
    assert len({hear(order) for order in orders}) == 1
    assert hear(words).status == (S.DELIVERED if last[0] == "delivered" else S.FAILED)


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        (S.QUEUED, "accepted", S.SENT),
        (S.SENDING, "queued", S.SENT),
        (S.UNKNOWN, "sent", S.SENT),
        (S.UNKNOWN, "delivered", S.DELIVERED),
        (S.SENT, "delivered", S.DELIVERED),
        (S.SENT, "undelivered", S.FAILED),
        (S.SENT, "sending", S.SENT),
        (S.DELIVERED, "sent", S.DELIVERED),
        (S.DELIVERED, "read", S.DELIVERED),
        (S.FAILED, "delivered", S.FAILED),
        (S.CANCELLED, "sent", S.CANCELLED),
        (S.WRITTEN, "delivered", S.WRITTEN),
        (S.SENT, "a word that nobody knows", S.SENT),
    ],
)
def test_a_word_moves_a_message_forward_or_not_at_all(before: S, word: str, after: S) -> None:
    assert delivery_events.after(Standing(before), status=word).status is after


def test_the_first_final_word_stays_and_a_contradiction_is_flagged_once() -> None:
    both = [("delivered", ""), ("undelivered", "30003"), ("failed", "30008")]
    assert hear(both) == Standing(S.DELIVERED, None, CONTESTED)
    lost = hear(both[1:] + both[:1])
    assert (lost.status, lost.detail.count(CONTESTED)) == (S.FAILED, 1)


def test_a_failure_carries_its_reason_and_words_even_when_the_code_comes_late() -> None:
    assert hear([("undelivered", "")]) == Standing(S.FAILED, FailureReason.CARRIER)
    explained = hear([("undelivered", "30005")])
    assert explained.reason is FailureReason.BAD_ADDRESS
    assert explained.detail
    assert hear([("undelivered", ""), ("undelivered", "30005")]) == explained


def test_our_own_reason_for_a_failure_is_not_replaced() -> None:
    refused = Standing(S.FAILED, FailureReason.BAD_ADDRESS, "this is not a number")
    assert delivery_events.after(refused, status="failed", code="30008") == refused


def test_only_the_first_sign_that_a_message_went_out_invites() -> None:
    assert delivery_events.newly_gone(S.SENDING, S.SENT)
    assert delivery_events.newly_gone(S.QUEUED, S.DELIVERED)
    assert not delivery_events.newly_gone(S.UNKNOWN, S.DELIVERED)  # it counted when it became unknown
    assert not delivery_events.newly_gone(S.SENT, S.DELIVERED)
    assert not delivery_events.newly_gone(S.SENDING, S.FAILED)


_ON_ITS_WAY = st.tuples(st.sampled_from(sorted(ON_ITS_WAY)), st.just(""))
_ANY = st.tuples(st.sampled_from(sorted(ON_ITS_WAY | ARRIVED | LOST)), st.sampled_from(["", "30003", "30005"]))


@given(st.lists(_ON_ITS_WAY, max_size=6), st.sampled_from(sorted(ARRIVED | LOST)), st.data())
def test_every_order_with_one_final_word_ends_alike(before: Words, final: str, data: st.DataObject) -> None:
    words = [*before, (final, ""), (final, "30005" if final in LOST else "")]
    shuffled = data.draw(st.permutations(words))
    assert hear(shuffled) == hear(words)


@given(st.lists(_ANY, max_size=12), st.sampled_from(sorted(RANK)))
def test_nothing_ever_goes_backwards(words: Words, start: S) -> None:
    standing = Standing(start)
    for word in words:
        moved = hear([word], standing)
        assert RANK[moved.status] >= RANK[standing.status]
        assert moved.status is standing.status or not standing.is_final
        standing = moved


@given(st.lists(_ANY, max_size=12))
def test_a_replay_of_everything_changes_nothing_but_the_flag(words: Words) -> None:
    once = hear(words)
    again = hear(words, once)
    assert (again.status, again.reason) == (once.status, once.reason)
    assert again.detail.count(CONTESTED) <= 1
