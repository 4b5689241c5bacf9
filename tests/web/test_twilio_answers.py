"""POST /webhooks/twilio/incoming: texts to the school's number, as Twilio passes them on."""

from __future__ import annotations

import logging

import pytest
from httpx import Response
from starlette.testclient import TestClient

from core import database
from core.models import DeliveryEvent
from core.services import opt_outs
from core.web.twilio_answers import PATH
from tests.services import text_messages
from tests.services.text_messages import NUMBER
from tests.web import twilio_calls
from tests.web.twilio_calls import FORM, OLD_TOKEN, PUBLIC

pytestmark = pytest.mark.both_databases


def texted(client: TestClient, body: str, *, sid: str = "SM1", number: str = NUMBER, **more: str) -> Response:
    called = {name: more.pop(name) for name in ("token", "signed_url", "x_twilio_signature") if name in more}
    form = {"MessageSid": sid, "From": number, "To": "+302100000000", "Body": body, "NumMedia": "0"} | more
    return twilio_calls.post(client, PATH, list(form.items()), **called)


def stopped() -> list[str]:
    return [address for _channel, address, _since in text_messages.opt_outs()]


def test_r88_stop_is_an_opt_out_and_start_ends_it(twilio: TestClient) -> None:
    answer = texted(twilio, "Stop")
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    assert stopped() == [NUMBER]
    texted(twilio, "START", sid="SM2")
    assert stopped() == []


def test_r88_start_ends_an_opt_out_of_which_an_error_told(twilio: TestClient) -> None:
    with database.transaction() as db:
        opt_outs.record(db, channel="sms", address=NUMBER)
        opt_outs.record(db, channel="email", address=NUMBER)
    texted(twilio, "unstop")
    assert [channel for channel, _address, _since in text_messages.opt_outs()] == ["email"]


def test_r88_words_of_the_schools_own_count_as_twilio_took_them(twilio: TestClient) -> None:
    texted(twilio, "ΣΤΟΠ", OptOutType="STOP")
    assert stopped() == [NUMBER]


@pytest.mark.parametrize(
    ("body", "number"),
    [("thank you", NUMBER), ("STOP", "whatsapp:" + NUMBER), ("STOP", "SCHOOL"), ("STOP", ""), ("HELP", NUMBER)],
)
def test_whatever_else_is_texted_is_answered_and_forgotten(twilio: TestClient, body: str, number: str) -> None:
    assert texted(twilio, body, number=number).text == "<Response/>"
    assert (stopped(), text_messages.events()) == ([], [])


def test_r83_an_old_stop_that_is_played_again_changes_nothing(twilio: TestClient) -> None:
    for body, sid in (("STOP", "SM1"), ("START", "SM2"), ("STOP", "SM1"), ("STOP", "SM1")):
        assert texted(twilio, body, sid=sid).status_code == 200
    assert stopped() == []
    texted(twilio, "STOP", sid="SM3")
    assert stopped() == [NUMBER]


def test_r97_neither_the_text_nor_the_number_is_kept_beside_the_opt_out(
    twilio: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        texted(twilio, "STOP")
    [event] = text_messages.events()
    kept = DeliveryEvent.model_dump(event, exclude={"id", "received_at", "applied_at"})
    assert kept == {"channel": "sms", "provider_id": "SM1", "reference": "", "status": "stop", "code": ""}
    assert event.applied_at is not None  # it waits for no message of ours
    assert NUMBER not in caplog.text


@pytest.mark.parametrize(
    "forged",
    [
        {"token": "a-guess"},
        {"signed_url": PUBLIC + "/webhooks/twilio"},
        {"x_twilio_signature": ""},
    ],
)
def test_r82_a_text_without_the_right_signature_is_refused(twilio: TestClient, forged: dict[str, str]) -> None:
    assert texted(twilio, "STOP", **forged).status_code == 403
    assert stopped() == []


def test_r87_of_a_text_no_more_is_read_than_of_a_callback(twilio: TestClient) -> None:
    flood = twilio.post(PATH, content=b"a=" + b"x" * 65_536, headers=FORM | {"x-twilio-signature": "x"})
    assert flood.status_code == 413
    assert texted(twilio, "STOP", token=OLD_TOKEN).status_code == 200


def test_r88_a_stop_that_cannot_be_stored_is_not_answered_with_yes(twilio: TestClient) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("the disk is full")

        patch.setattr(opt_outs, "heed", broken)
        assert texted(twilio, "STOP").status_code == 500
    assert texted(twilio, "STOP").status_code == 200
    assert stopped() == [NUMBER]
