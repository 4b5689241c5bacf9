"""The Twilio gateway against a counterpart that keeps its messages and knows Twilio's rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import GatewayError, GatewayErrorKind
from core.gateways.channels import Sms
from core.gateways.twilio_sms import TwilioSms
from tests.peers import twilio
from tests.peers.twilio import ACCOUNT, NUMBER, TOKEN, Twilio

TEXT = Sms("+306912345678", "Athena School: sam, 7K3M-9QX2-4F8T-V0CD", "reference1")
NO = GatewayErrorKind


@pytest.fixture(scope="module")
def there() -> Iterator[Twilio]:
    with twilio.running() as found:
        yield found


def gateway(there: Twilio, *, token: str = TOKEN, sender: dict[str, str] | None = None) -> TwilioSms:
    return TwilioSms(account_sid=ACCOUNT, auth_token=token, sender=sender or {"from_": NUMBER}, base_url=there.url)


def refused(made: TwilioSms, to: str = TEXT.to) -> GatewayError:
    with pytest.raises(GatewayError) as error:
        made.send(Sms(to, "hello", "reference2"))
    return error.value


def test_a_text_is_kept_under_the_name_that_we_were_told(there: Twilio) -> None:
    sid = gateway(there).send(TEXT)
    kept = next(message for message in there.messages() if message["sid"] == sid)
    assert (kept["to"], kept["from"], kept["body"]) == (TEXT.to, NUMBER, TEXT.text)
    assert sid.startswith("SM")


def test_what_became_of_it_is_found_by_its_name_and_by_its_number(there: Twilio) -> None:
    made, since = gateway(there), datetime.now(UTC) - timedelta(minutes=1)
    sid = made.send(Sms("+306912345679", "one", "r3"))
    there.says(sid, "delivered")
    [word] = made.look_up(provider_id=sid, to="+306912345679", since=since)
    assert (word.provider_id, word.status) == (sid, "delivered")
    other = made.send(Sms("+306912345679", "two", "r4"))
    found = made.look_up(provider_id=None, to="+306912345679", since=since)
    assert {word.provider_id for word in found} == {sid, other}


def test_its_refusals_are_told_apart(there: Twilio) -> None:
    assert refused(gateway(there, token="a guess")).kind is NO.CONFIGURATION
    assert refused(gateway(there, sender={"from_": "+15005550007"})).kind is NO.CONFIGURATION
    assert refused(gateway(there), to="").kind is NO.PERMANENT
    with pytest.raises(GatewayError) as unknown:
        gateway(there).look_up(provider_id="SM" + "0" * 32, to=TEXT.to, since=datetime(2026, 11, 23, tzinfo=UTC))
    assert unknown.value.kind is NO.PERMANENT
