"""POST /webhooks/twilio as Twilio, forgers and broken proxies send it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from httpx import Response
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from core import config, database
from core.config import settings
from core.models import MessageStatus
from core.services import delivery_events
from core.web import incoming_words
from core.web.twilio_webhook import PATH
from tests.cast import Cast
from tests.conftest import Clock
from tests.services import text_messages
from tests.services.text_messages import NUMBER, message, stored
from tests.web import twilio_calls
from tests.web.twilio_calls import FORM, OLD_TOKEN, PUBLIC, SID, TOKEN

pytestmark = pytest.mark.both_databases


def applied() -> None:
    """Wait until nobody works on the words that were answered: they are applied after the answer."""
    for _ in range(1000):
        clerk = incoming_words._tray.clerk
        if clerk is None or clerk.done():
            return
        threading.Event().wait(0.01)
    raise AssertionError("still not applied")


def fields(status: str = "delivered", *, sid: str = SID, **more: str) -> list[tuple[str, str]]:
    said = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "To": NUMBER, "From": "", "AccountSid": "AC1"}
    return list((said | more).items())


def call(
    client: TestClient,
    form: list[tuple[str, str]] | None = None,
    *,
    query: str = "",
    token: str = TOKEN,
    signed_url: str = "",
    wait: bool = True,
    **headers: str,
) -> Response:
    path = PATH + (f"?{query}" if query else "")
    answer = twilio_calls.post(client, path, form or fields(), token=token, signed_url=signed_url, **headers)
    if wait:
        applied()
    return answer


def test_r82_a_signed_word_is_stored_answered_and_applied(twilio: TestClient, school: Cast) -> None:
    sent = message(school.sam.account, status=MessageStatus.SENDING)
    answer = call(twilio, query=f"m={stored(sent).reference}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (stored(sent).status, stored(sent).provider_id) == (MessageStatus.DELIVERED, SID)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "forged",
    [
        {"token": "a-guess"},
        {"signed_url": "http://10.0.0.7:8501" + PATH},  # behind the proxy
        {"signed_url": PUBLIC + PATH + "?m=another"},
        {"x_twilio_signature": ""},
        {"x_twilio_signature": "A" * 28},
    ],
)
def test_r82_anything_but_the_right_signature_is_refused(twilio: TestClient, forged: dict[str, str]) -> None:
    assert call(twilio, **forged).status_code == 403  # type: ignore[arg-type]
    assert text_messages.events() == []


@pytest.mark.parametrize("headers", [{}, {b"x-twilio-signature": b"\xe9" * 28}])
def test_r82_no_signature_or_one_of_strange_letters_is_refused(twilio: TestClient, headers: dict[bytes, bytes]) -> None:
    sent = {b"content-type": FORM["content-type"].encode()} | headers
    assert twilio.post(PATH, content=urlencode(fields()), headers=sent).status_code == 403
    assert text_messages.events() == []


def test_r82_a_changed_field_is_refused_and_an_empty_one_counts(twilio: TestClient) -> None:
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + PATH, dict(fields("undelivered")))
    assert call(twilio, fields("delivered"), x_twilio_signature=signature).status_code == 403
    assert call(twilio, fields("delivered", Body="")).status_code == 204


def test_r82_without_a_token_or_without_https_nothing_is_genuine(
    twilio: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN", "")
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN_PREVIOUS", "")
    config.settings.cache_clear()
    assert call(twilio, token="").status_code == 403
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("FIRSTKEY_PUBLIC_BASE_URL", PUBLIC.replace("https", "http"))
    config.settings.cache_clear()
    plain = settings().base_url + PATH
    assert call(twilio, signed_url=plain, host="keys.school.example").status_code == 403


def test_r83_a_thousand_replays_change_nothing(twilio: TestClient, school: Cast) -> None:
    sent = message(school.sam.account, provider_id=SID)
    call(twilio)
    before = (stored(sent), text_messages.events(), text_messages.account_now(school.sam.account))
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: call(twilio, wait=False), range(1000))} == {204}
    applied()
    assert (stored(sent), text_messages.events(), text_messages.account_now(school.sam.account)) == before


def test_r83_what_is_answered_is_stored_even_when_applying_it_fails(
    twilio: TestClient, school: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent = message(school.sam.account, provider_id=SID)

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError(SID)

    with monkeypatch.context() as patch:
        patch.setattr(delivery_events, "apply", broken)
        assert call(twilio).status_code == 204
    assert stored(sent).status == MessageStatus.SENT
    assert SID not in caplog.text
    assert call(twilio, fields("sent")).status_code == 204  # the next word brings the one before along
    assert stored(sent).status == MessageStatus.DELIVERED


def test_r83_what_cannot_be_stored_is_not_answered_with_yes(
    twilio: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> list[int]:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(delivery_events, "store", broken)
        assert call(twilio).status_code == 500
    assert call(twilio).status_code == 204


def test_r84_callbacks_in_any_order_and_all_at_once_end_alike(twilio: TestClient, school: Cast) -> None:
    sent = [message(school.sam.account, status=MessageStatus.SENDING) for _ in range(20)]
    calls = [
        (fields(status, sid=f"SM{one}"), f"m={stored(one).reference}")
        for status in ("delivered", "sending", "sent", "queued", "accepted")
        for one in sent
    ]
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda each: call(twilio, each[0], query=each[1], wait=False), calls)
        assert {answer.status_code for answer in answers} == {204}
    applied()
    assert {stored(one).status for one in sent} == {MessageStatus.DELIVERED}
    assert len(text_messages.events()) == 100


def test_r85_a_callback_before_our_own_commit_finds_its_message_later(twilio: TestClient, school: Cast) -> None:
    assert call(twilio).status_code == 204
    sent = message(school.sam.account, provider_id=SID)
    assert call(twilio, fields("sent")).status_code == 204
    assert stored(sent).status == MessageStatus.DELIVERED


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        (FORM, b"a=" + b"x" * 65_536, 413),
        (FORM, b"\xff\xfe=1", 400),
        (FORM, b"&".join(b"a%d=1" % number for number in range(201)), 400),
    ],
)
def test_r87_only_a_form_of_64_kb_is_read(
    twilio: TestClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = twilio.post(PATH, content=body, headers=headers | {"x-twilio-signature": "x"})
    assert answer.status_code == status


def test_r87_the_largest_form_is_read(twilio: TestClient) -> None:
    assert call(twilio, fields(Body="x" * 65_000)).status_code == 204


def test_r87_the_old_token_is_good_while_it_is_set(twilio: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(twilio, token=OLD_TOKEN).status_code == 204
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN_PREVIOUS", "")
    config.settings.cache_clear()
    assert call(twilio, token=OLD_TOKEN).status_code == 403
    assert call(twilio, token=TOKEN).status_code == 204


def test_r88_stop_is_remembered(twilio: TestClient, school: Cast) -> None:
    message(school.sam.account, provider_id=SID)
    assert call(twilio, fields("failed", ErrorCode="21610")).status_code == 204
    assert [address for _channel, address, _since in text_messages.opt_outs()] == [NUMBER]


def test_r98_more_than_ten_forged_callbacks_a_minute_raise_the_alarm_once(
    twilio: TestClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def alarms() -> int:
        return sum(record.levelno == logging.ERROR and "alarm" in record.message for record in caplog.records)

    for _ in range(20):
        clock.forward(seconds=7)
        call(twilio, token="a-guess")
    assert alarms() == 0
    for _ in range(11):
        call(twilio, token="a-guess")
    assert alarms() == 1
    assert TOKEN not in caplog.text


def test_a_genuine_request_about_something_else_is_answered_and_forgotten(twilio: TestClient) -> None:
    assert call(twilio, [("From", NUMBER), ("Body", "thank you"), ("MessageSid", SID)]).status_code == 204
    assert call(twilio, fields(sid="S" * 65)).status_code == 204
    assert text_messages.events() == []


@pytest.mark.parametrize("query", ["m=../../etc", "m=" + "A" * 32, "m=%00", "n=1"])
def test_a_reference_that_is_none_of_ours_is_not_kept(twilio: TestClient, query: str) -> None:
    assert call(twilio, query=query).status_code == 204
    assert [event.reference for event in text_messages.events()] == [""]


def test_an_address_that_was_typed_leads_to_the_start(twilio: TestClient) -> None:
    assert twilio.get(PATH, headers={"host": "keys.school.example"}).status_code == 303


def test_no_callback_waits_for_a_database_that_is_busy_for_a_moment(twilio: TestClient, school: Cast) -> None:
    sent = message(school.sam.account, provider_id=SID)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction() as db:
            db.connection()
            held.set()
            release.wait(1)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(5)
    threading.Timer(0.5, release.set).start()
    assert call(twilio).status_code == 204
    other.join()
    assert stored(sent).status == MessageStatus.DELIVERED
