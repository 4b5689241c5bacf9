"""Callbacks that never came: the provider is asked, and every message ends where it belongs (F7, F11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from core import config, database
from core.delivery import batches, housekeeping, reconcile
from core.delivery.reconcile import Answers
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import twilio_sms
from core.gateways.channels import Word
from core.models import Channel, MessageStatus, SchoolSettings
from core.services import delivery_events
from core.services.reconciliation import NOT_KNOWN
from core.tables import health
from tests.cast import Cast
from tests.conftest import Clock
from tests.services.text_messages import NUMBER, account_now, message, stored

pytestmark = pytest.mark.both_databases


@dataclass
class Provider:
    """Knows messages by name and by number; counts the questions."""

    words: dict[str, Word] = field(default_factory=dict)
    numbers: dict[str, list[str]] = field(default_factory=dict)
    trouble: GatewayError | None = None
    asked: list[str] = field(default_factory=list)

    def knows(self, provider_id: str, status: str, *, to: str = NUMBER, code: str = "") -> None:
        self.words[provider_id] = Word(provider_id, status, code)
        self.numbers.setdefault(to, []).append(provider_id)

    def look_up(self, *, provider_id: str | None, to: str, since: datetime) -> list[Word]:
        self.asked.append(provider_id or to)
        if self.trouble:
            raise self.trouble
        names = [provider_id] if provider_id else self.numbers.get(to, [])
        return [self.words[name] for name in names if name in self.words]


@pytest.fixture
def provider(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider()
    monkeypatch.setenv("FIRSTKEY_SMS", "twilio")
    config.settings.cache_clear()
    monkeypatch.setattr(twilio_sms, "from_settings", lambda: made)
    monkeypatch.setattr(batches.stopping, "is_set", lambda: False)
    return made


def test_f11_all_callbacks_lost_every_message_ends_all_the_same(cast: Cast, clock: Clock, provider: Provider) -> None:
    ends = {"delivered": MessageStatus.DELIVERED, "undelivered": MessageStatus.FAILED, "sent": MessageStatus.SENT}
    ids = {}
    for number in range(60):
        said = list(ends)[number % 3]
        ids[message(cast.sam.account, provider_id=f"SM{number}")] = said
        provider.knows(f"SM{number}", said)
    clock.forward(minutes=15)
    assert reconcile.run_once() == 60
    assert len(provider.asked) == 60
    assert all(stored(sent).status == ends[said] for sent, said in ids.items())
    assert reconcile.run_once() == 0  # nobody is asked again before his time
    clock.forward(hours=73)
    reconcile.run_once()
    finals = {stored(sent).status for sent in ids}
    assert finals == {MessageStatus.DELIVERED, MessageStatus.FAILED, MessageStatus.UNKNOWN}


def test_f7_accepted_and_then_timed_out_becomes_delivered_and_is_sent_once(
    cast: Cast, clock: Clock, provider: Provider
) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    provider.knows("SMlost", "delivered")
    clock.forward(minutes=1)
    assert reconcile.run_once() == 1
    assert (stored(lost).status, stored(lost).provider_id) == (MessageStatus.DELIVERED, "SMlost")
    assert account_now(cast.sam.account).delivery == "delivered"
    assert provider.asked == [NUMBER]


def test_a_message_that_the_provider_never_saw_stays_unknown_and_says_so(
    cast: Cast, clock: Clock, provider: Provider
) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    clock.forward(minutes=1)
    assert reconcile.ask_now(campaign_id=stored(lost).campaign_id) == Answers(due=1, answered=1, decided=0)
    assert (stored(lost).status, stored(lost).detail) == (MessageStatus.UNKNOWN, NOT_KNOWN)


@pytest.mark.parametrize("kind", [GatewayErrorKind.TRANSIENT, GatewayErrorKind.CONFIGURATION])
def test_a_provider_that_cannot_answer_is_not_asked_on(
    cast: Cast, clock: Clock, provider: Provider, kind: GatewayErrorKind
) -> None:
    ids = [message(member.account, provider_id=f"SM{member.account.id}") for member in (cast.sam, cast.max)]
    clock.forward(minutes=15)
    provider.trouble = GatewayError(kind, "not now")
    with pytest.raises(GatewayError):
        reconcile.run_once()
    assert len(provider.asked) == 1
    provider.trouble = None
    for sent in ids:
        provider.knows(stored(sent).provider_id or "", "delivered")
    assert reconcile.run_once() == 2


def test_whoever_asks_hears_of_this_campaign_alone_and_whether_the_provider_was_reached(
    cast: Cast, clock: Clock, provider: Provider
) -> None:
    lost = message(cast.sam.account, status=MessageStatus.UNKNOWN)
    campaign_id = stored(lost).campaign_id
    assert reconcile.ask_now(campaign_id=campaign_id) == Answers(due=0, answered=0, decided=0, just_now=True)
    clock.forward(minutes=1)
    other = message(cast.max.account, provider_id="SMother")
    with database.transaction() as db:
        delivery_events.store(
            db, channel=Channel.SMS, words=[Word("SMother", "delivered", "", stored(other).reference)]
        )
    provider.trouble = GatewayError(GatewayErrorKind.TRANSIENT, "not now")
    assert reconcile.ask_now(campaign_id=campaign_id) == Answers(due=1, answered=0, decided=0)
    provider.trouble = None
    provider.knows("SMlost", "delivered")
    assert reconcile.ask_now(campaign_id=campaign_id) == Answers(due=1, answered=1, decided=1)


def test_questions_that_fail_again_and_again_stand_on_health_until_one_is_answered(
    cast: Cast, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "ask about text messages"
    monkeypatch.setattr(housekeeping, "JOBS", {name: housekeeping.JOBS[name]})
    message(cast.sam.account, provider_id="SM1")
    provider.trouble = GatewayError(GatewayErrorKind.CONFIGURATION, "not now")
    told = []
    for turn in range(5):
        clock.forward(minutes=15)
        if turn == 4:
            provider.trouble = None
            provider.knows("SM1", "delivered")
        housekeeping.run()
        with database.reading() as db:
            told.append(health.failing(db))
    assert told == [(), (), (name,), (name,), ()]


def test_settings_that_are_not_whole_are_a_failure_of_the_job_and_no_answer_on_the_page(
    cast: Cast, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_whole() -> None:
        raise SettingsError("FIRSTKEY_TWILIO_AUTH_TOKEN is missing")

    monkeypatch.setattr(twilio_sms, "from_settings", not_whole)
    with pytest.raises(SettingsError):
        reconcile.run_once()
    assert reconcile.ask_now(campaign_id=1) is None


def test_a_message_that_is_gone_at_the_provider_holds_up_no_other(cast: Cast, clock: Clock, provider: Provider) -> None:
    message(cast.sam.account, provider_id="SMgone")
    message(cast.max.account, provider_id="SMgone too")
    clock.forward(minutes=15)
    provider.trouble = GatewayError(GatewayErrorKind.PERMANENT, "there is none")
    reconcile.run_once()
    assert len(provider.asked) == 2


@pytest.mark.parametrize("where", ["the demo", "the outbox"])
def test_nobody_is_asked_where_nothing_leaves(
    cast: Cast, clock: Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    sent = message(cast.sam.account, provider_id="SM1")
    clock.forward(hours=80)
    if where == "the outbox":
        monkeypatch.setenv("FIRSTKEY_SMS", "outbox")
        config.settings.cache_clear()
    else:
        with database.transaction() as db:
            db.get_one(SchoolSettings, 1).is_demo = True
    assert reconcile.run_once() == 0
    assert (provider.asked, stored(sent).status) == ([], MessageStatus.SENT)
