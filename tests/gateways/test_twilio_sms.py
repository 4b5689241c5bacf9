"""Text messages by Twilio: what was certainly not taken, what was refused for good, what nobody can know."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core import config
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import twilio_sms
from core.gateways.channels import Sms
from core.gateways.twilio_sms import TwilioSms
from tests.peers import twilio_faults
from tests.peers.twilio_faults import Faults

SECRET = "ABCD-EFGH-JKMN-PQRS"
TEXT = Sms("+306912345670", f"Athena School: password {SECRET}", "reference1")
NO = GatewayErrorKind


@pytest.fixture
def twilio() -> Iterator[Faults]:
    with twilio_faults.running() as faults:
        yield faults


def gateway(twilio: Faults) -> TwilioSms:
    sender = {"from_": "+15005550006"}
    return TwilioSms(account_sid="AC0", auth_token="token", sender=sender, base_url=twilio.url)


def refusal(twilio: Faults) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        gateway(twilio).send(TEXT)
    return refused.value


def test_a_message_is_handed_over_with_a_way_back_to_it(twilio: Faults) -> None:
    assert gateway(twilio).send(TEXT).startswith("SM")
    taken = twilio.taken[0]
    assert (taken["To"], taken["From"], taken["Body"]) == (TEXT.to, "+15005550006", TEXT.text)
    assert taken["StatusCallback"].endswith("/webhooks/twilio?m=reference1")


@pytest.mark.parametrize("fault", ["broken", "html", "reset", "half"])
def test_what_may_have_been_taken_is_never_called_refused(twilio: Faults, fault: str) -> None:
    twilio.fault = fault
    assert refusal(twilio).kind is NO.AMBIGUOUS


def test_f7_a_message_that_was_taken_without_an_answer_is_ambiguous(
    twilio: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_sms, "READ_S", 0.3)
    twilio.fault = "slow"
    assert refusal(twilio).kind is NO.AMBIGUOUS
    assert len(twilio.taken) == 1
    [word] = gateway(twilio).look_up(provider_id=None, to=TEXT.to, since=datetime(2026, 11, 23, tzinfo=UTC))
    assert word.status == "queued"


def test_f8_a_busy_twilio_says_when_to_come_again(twilio: Faults) -> None:
    twilio.fault = "busy"
    refused = refusal(twilio)
    assert (refused.kind, refused.retry_after) == (NO.TRANSIENT, 7.0)


def test_a_twilio_that_cannot_be_reached_took_nothing() -> None:
    away = Faults(url=f"http://127.0.0.1:{_closed_port()}")
    assert refusal(away).kind is NO.TRANSIENT


def test_a_wrong_token_stops_the_campaign(twilio: Faults) -> None:
    twilio.fault = "unauthorized"
    refused = refusal(twilio)
    assert refused.kind is NO.CONFIGURATION
    assert "FIRSTKEY_TWILIO" in str(refused)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (21211, NO.PERMANENT, "bad_address"),
        (21614, NO.PERMANENT, "bad_address"),
        (21610, NO.PERMANENT, "opted_out"),
        (21612, NO.PERMANENT, "unreachable"),
        (21999, NO.PERMANENT, "blocked"),
        (21606, NO.CONFIGURATION, None),
        (21608, NO.CONFIGURATION, None),
        (20429, NO.TRANSIENT, None),
        (63038, NO.CONFIGURATION, None),
        (30454, NO.CONFIGURATION, None),
    ],
)
def test_each_refusal_of_twilio_has_its_meaning(
    twilio: Faults, code: int, kind: GatewayErrorKind, reason: str | None
) -> None:
    twilio.fault, twilio.code = "error", code
    refused = refusal(twilio)
    assert (refused.kind, refused.reason) == (kind, reason)


@pytest.mark.parametrize(("fault", "kind"), [("busy", NO.TRANSIENT), ("unauthorized", NO.CONFIGURATION)])
@pytest.mark.parametrize("provider_id", ["SM1", None])
def test_a_question_that_twilio_refuses_is_asked_again_another_time(
    twilio: Faults, fault: str, kind: GatewayErrorKind, provider_id: str | None
) -> None:
    twilio.fault = fault
    with pytest.raises(GatewayError) as refused:
        gateway(twilio).look_up(provider_id=provider_id, to=TEXT.to, since=datetime(2026, 11, 23, tzinfo=UTC))
    assert refused.value.kind is kind


def test_a_message_that_twilio_does_not_know_is_not_there(twilio: Faults) -> None:
    with pytest.raises(GatewayError) as refused:
        gateway(twilio).look_up(provider_id="SMnone", to=TEXT.to, since=datetime(2026, 11, 23, tzinfo=UTC))
    assert refused.value.kind is NO.PERMANENT


@pytest.mark.parametrize("fault", ["created", "broken", "error", "html", "reset"])
def test_r97_neither_text_nor_number_stands_in_a_log_or_an_error(
    twilio: Faults, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    twilio.fault, twilio.code = fault, 21211
    made, said = gateway(twilio), ""
    try:
        made.send(TEXT)
    except GatewayError as refused:
        said = str(refused)
    for told in (caplog.text, said, repr(TEXT), repr(vars(made._http))):
        assert SECRET not in told
    assert TEXT.to not in caplog.text + said


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "TWILIO_ACCOUNT_SID"),
        ({"ACCOUNT_SID": "AC0", "AUTH_TOKEN": "t"}, "TWILIO_FROM"),
    ],
)
def test_missing_settings_are_named(settings: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTKEY_TWILIO_{name}", value)
    config.settings.cache_clear()
    with pytest.raises(SettingsError, match=says):
        twilio_sms.from_settings()
    config.settings.cache_clear()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
