"""`doctor` asks those who carry messages away and bring them back: Twilio, and the mailbox of returned mail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import config
from core.gateways import imap_connection, twilio_account
from core.manage.__main__ import app
from tests.cast import Cast
from tests.peers import imap, twilio, twilio_faults, twilio_senders
from tests.peers.twilio import NUMBER, SERVICE, TOKEN, Twilio

CANARY = "canary-of-the-provider"
HTTPS = {"public_base_url": "https://keys.school.example"}


@pytest.fixture(scope="module")
def there() -> Iterator[Twilio]:
    with twilio.running() as found:
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[imap.Server]:
    with imap.server() as running:
        yield running


@pytest.fixture(autouse=True)
def healthy_otherwise(cast: Cast, tmp_path: Path) -> None:
    for path in tmp_path.iterdir():
        path.chmod(0o600)


def _doctor(monkeypatch: pytest.MonkeyPatch, **values: str) -> tuple[int, str]:
    for name, value in (HTTPS | values).items():
        monkeypatch.setenv(f"FIRSTKEY_{name.upper()}", value)
    config.settings.cache_clear()
    result = CliRunner().invoke(app, ["doctor"])
    assert CANARY not in result.output and TOKEN not in result.output and imap.PASSWORD not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "sender", [{"twilio_from": NUMBER}, {"twilio_from": "", "twilio_messaging_service": SERVICE}], ids=["number", "MG"]
)
def test_twilio_is_asked_about_the_account_and_the_sender(
    there: Twilio, monkeypatch: pytest.MonkeyPatch, sender: dict[str, str]
) -> None:
    sent_before = len(there.messages())
    code, said = _doctor(monkeypatch, **there.settings | sender)
    assert code == 0, said
    assert "ok  SMS: Twilio accepts the account and knows what we send from" in said
    assert len(there.messages()) == sent_before


_NOTHING: dict[str, list[str]] = {"PhoneNumbers": [], "ShortCodes": [], "AlphaSenders": []}


@pytest.mark.parametrize("kind", _NOTHING)
def test_a_messaging_service_without_a_sender_is_a_fault_and_any_kind_of_sender_will_do(
    there: Twilio, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with twilio_senders.before(there.url) as pool:
        own = there.settings | {"twilio_messaging_service": SERVICE, "twilio_api_base_url": pool.url}
        pool.senders = _NOTHING
        code, said = _doctor(monkeypatch, **own)
        assert code == 1 and "has neither a number nor a short code nor a name" in said and "Sender Pool" in said
        pool.senders = _NOTHING | {kind: ["SOME0000000000000000000000000000"]}
        code, said = _doctor(monkeypatch, **own)
        assert code == 0 and "ok  SMS: Twilio accepts the account and knows what we send from" in said


def test_where_twilio_does_not_list_all_kinds_of_senders_nothing_is_said_of_them(
    there: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    with twilio_senders.before(there.url) as pool:
        pool.senders = {"PhoneNumbers": []}
        own = {"twilio_messaging_service": SERVICE, "twilio_api_base_url": pool.url}
        code, said = _doctor(monkeypatch, **there.settings | own)
    assert code == 0 and "ok  SMS: Twilio accepts the account\n" in said


def test_a_name_as_sender_cannot_be_asked_for(there: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = _doctor(monkeypatch, **there.settings | {"twilio_from": "ATHENA"})
    assert code == 0 and "ok  SMS: Twilio accepts the account\n" in said


@pytest.mark.parametrize(
    ("values", "sentence", "remedy"),
    [
        ({"twilio_auth_token": CANARY}, "does not accept the account or its token (20003)", "console"),
        ({"twilio_account_sid": "AC" + "1" * 32}, "does not accept the account or its token (20003)", "console"),
        ({"twilio_from": "+15005550007"}, "has no number +15005550007", "under Phone Numbers in Twilio's console"),
        ({"twilio_messaging_service": "MG" + "2" * 32}, "no Messaging Service MG222", "begins with MG"),
        ({"twilio_api_base_url": "http://127.0.0.1:1"}, "Twilio does not answer.", "way to the internet"),
    ],
)
def test_what_keeps_text_messages_from_leaving_is_a_fault_with_its_remedy(
    there: Twilio, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str, remedy: str
) -> None:
    code, said = _doctor(monkeypatch, **there.settings | values)
    assert code == 1 and " 1 faults" in said
    assert sentence in said and remedy in said


def test_an_account_that_twilio_closed_is_a_fault(there: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    there.account_is("suspended")
    try:
        code, said = _doctor(monkeypatch, **there.settings)
    finally:
        there.account_is("active")
    assert code == 1 and "the account is suspended: nothing can be sent" in said and "console: it says why" in said


def test_a_page_of_somebody_in_between_is_not_taken_for_twilio(there: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    with twilio_faults.running() as other:
        other.fault = "html"
        code, said = _doctor(monkeypatch, **there.settings | {"twilio_api_base_url": other.url})
    assert code == 1 and "Twilio does not answer." in said


def test_a_twilio_that_says_nothing_is_not_waited_for(there: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_account, "READ_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        code, said = _doctor(monkeypatch, **there.settings | {"twilio_api_base_url": url})
    assert code == 1 and "Twilio does not answer." in said


def test_the_mailbox_of_returned_mail_is_opened(server: imap.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = server.with_folder()
    mailbox.put(b"Subject: hello\r\n\r\nhello")
    code, said = _doctor(monkeypatch, bounce_imap_url=mailbox.url())
    assert code == 0, said
    assert f"ok  returned mail: 127.0.0.1 lets us in, and the folder {mailbox.folder} is there" in said
    assert mailbox.seen() == [False]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": CANARY}, "does not accept the name and password."),
        ({"folder": "Nowhere"}, "has no folder of this name that can be written to."),
        ({"scheme": "imaps"}, "The certificate of 127.0.0.1 is not trusted."),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_a_fault_with_its_remedy(
    server: imap.Server, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], sentence: str
) -> None:
    code, said = _doctor(monkeypatch, bounce_imap_url=server.url(**wrong))
    assert code == 1 and " 1 faults" in said
    assert sentence in said and "Check FIRSTKEY_BOUNCE_IMAP_URL" in said


def test_a_mailbox_that_is_away_silent_or_no_mailbox_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_connection, "REACH_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, said = _doctor(monkeypatch, bounce_imap_url=f"imap://o:{CANARY}@127.0.0.1:{silent.getsockname()[1]}")
    assert code == 1 and "The mailbox for returned mail cannot be reached." in said
    code, said = _doctor(monkeypatch, bounce_imap_url=f"imap://o:{CANARY}@127.0.0.1:1")
    assert code == 1 and "The mailbox for returned mail cannot be reached." in said
    code, said = _doctor(monkeypatch, bounce_imap_url=f"https://o:{CANARY}@mail.school.example")
    assert code == 1 and "FIRSTKEY_BOUNCE_IMAP_URL looks like" in said and "Correct the setting" in said
