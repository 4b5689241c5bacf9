"""From the mailbox to the list: e-mails that came back to a real IMAP server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from core import config, database
from core.delivery import batches, bounce_watch
from core.errors import GatewayError, SettingsError
from core.models import Channel, MessageStatus, SchoolSettings
from core.services import bounces
from tests.cast import Cast, Member
from tests.peers import imap
from tests.rules.test_bounce_reports import REFERENCE, eml
from tests.services.text_messages import account_now, message, stored


@pytest.fixture(scope="module")
def server() -> Iterator[imap.Server]:
    with imap.server() as running:
        yield running


@pytest.fixture
def mailbox(server: imap.Server, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> imap.Server:
    made = server.with_folder()
    monkeypatch.setattr(batches.stopping, "is_set", lambda: False)
    _point_at(made.url(), monkeypatch)
    return made


def email_to(member: Member) -> int:
    return message(member.account, channel=Channel.EMAIL, address=member.person.personal_email)


def about(message_id: int, name: str = "postfix_no_such_user") -> bytes:
    return eml(name).replace(REFERENCE.encode(), stored(message_id).reference.encode())


@pytest.mark.both_databases
def test_an_email_that_came_back_fails_its_message_and_is_marked_as_seen(cast: Cast, mailbox: imap.Server) -> None:
    sent, other = email_to(cast.sam), email_to(cast.max)
    mailbox.put(about(sent), eml("none_vacation"), about(other, "postfix_delayed"), eml("gmail_no_such_user"))
    assert bounce_watch.run_once() == 1
    assert (stored(sent).status, stored(other).status) == (MessageStatus.FAILED, MessageStatus.SENT)
    assert account_now(cast.sam.account).delivery_address == cast.sam.person.personal_email
    assert mailbox.seen() == [True, False, True, True]
    assert bounce_watch.run_once() == 0


def test_what_could_not_be_stored_is_read_again(
    cast: Cast, mailbox: imap.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = email_to(cast.sam)
    mailbox.put(about(sent))
    with monkeypatch.context() as away:
        away.setattr(bounces, "record", _database_is_away)
        with pytest.raises(OperationalError):
            bounce_watch.run_once()
    assert mailbox.seen() == [False]
    assert bounce_watch.run_once() == 1
    assert stored(sent).status == MessageStatus.FAILED


def test_a_process_that_is_to_stop_leaves_the_rest_for_the_next_look(
    cast: Cast, mailbox: imap.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.gateways.bounce_mailbox.TOGETHER", 1)
    monkeypatch.setattr(batches.stopping, "is_set", lambda: True)
    mailbox.put(*(about(email_to(member)) for member in (cast.sam, cast.max, cast.otto)))
    assert [bounce_watch.run_once() for _ in range(4)] == [1, 1, 1, 0]


def test_mail_made_to_harm_holds_up_no_other(cast: Cast, mailbox: imap.Server) -> None:
    sent = email_to(cast.sam)
    nested = b"".join(b"Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(80))
    mailbox.put(nested, about(sent).replace(b"Action: failed", b"Action: \xff\xfe"), about(sent))
    assert bounce_watch.run_once() == 1
    assert mailbox.seen() == [True, True, True]


@pytest.mark.parametrize("why", ["there is no mailbox", "it is the demo"])
def test_nothing_is_read_where_nothing_can_come_back(
    cast: Cast, mailbox: imap.Server, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    mailbox.put(about(email_to(cast.sam)))
    if why == "it is the demo":
        with database.transaction() as db:
            db.get_one(SchoolSettings, 1).is_demo = True
    else:
        _point_at("", monkeypatch)
    assert bounce_watch.run_once() == 0
    assert mailbox.seen() == [False]


@pytest.mark.parametrize("url", ["imaps://office:secret-9@127.0.0.1:1/INBOX", "ftp://office:secret-9@127.0.0.1/"])
def test_a_mailbox_that_cannot_be_read_is_told_in_the_log_without_its_password(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    _point_at(url, monkeypatch)
    with pytest.raises((GatewayError, SettingsError)):  # so housekeeping knows, and tells when that goes on
        bounce_watch.run_once()
    assert "returned mail cannot be read" in caplog.text
    assert "secret-9" not in caplog.text


def test_the_log_counts_and_names_nobody(cast: Cast, mailbox: imap.Server, caplog: pytest.LogCaptureFixture) -> None:
    sent = email_to(cast.sam)
    mailbox.put(about(sent))
    with caplog.at_level("DEBUG"):
        bounce_watch.run_once()
    assert "1 e-mail" in caplog.text
    assert cast.sam.person.personal_email not in caplog.text
    assert stored(sent).reference not in caplog.text


def _database_is_away(_db: Session, **_more: object) -> int:
    raise OperationalError("UPDATE message", {}, Exception("database is locked"))


def _point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_BOUNCE_IMAP_URL", url)
    config.settings.cache_clear()
