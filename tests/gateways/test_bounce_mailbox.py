"""The mailbox of returned mail on a real IMAP server: what is read, what is marked, and what goes wrong."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import bounce_mailbox, imap_words
from core.gateways.bounce_mailbox import LOOK_BACK, BounceMailbox
from core.rules import bounce_reports
from tests.peers import imap, smtp
from tests.rules.test_bounce_reports import eml

REPORT, LETTER = eml("postfix_no_such_user"), eml("none_vacation")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smtp.self_made_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def server() -> Iterator[imap.Server]:
    with imap.server() as running:
        yield running


@pytest.fixture
def mailbox(server: imap.Server) -> imap.Server:
    return server.with_folder()


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def unread(url: str, context: ssl.SSLContext | None = None, *, mark: bool = False) -> list[bytes]:
    contents = []
    with BounceMailbox(url, context) as box:
        for letters in box.unread():
            contents += [letter.content for letter in letters]
            if mark:
                box.mark_seen(letters)
    return contents


def refusal(url: str, context: ssl.SSLContext | None = None) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        unread(url, context)
    assert imap.PASSWORD not in str(caught.value)
    return caught.value


def test_only_reports_are_read_and_what_people_write_stays_unread(mailbox: imap.Server) -> None:
    mailbox.put(REPORT, LETTER, eml("none_read_receipt"), eml("gmail_no_such_user"))
    assert unread(mailbox.url(), mark=True) == [REPORT, eml("gmail_no_such_user")]
    assert mailbox.seen() == [True, False, False, True]


def test_what_was_seen_is_not_read_again_and_what_was_only_looked_at_is(mailbox: imap.Server) -> None:
    mailbox.put(REPORT)
    assert unread(mailbox.url()) == [REPORT]
    assert mailbox.seen() == [False]
    assert unread(mailbox.url(), mark=True) == [REPORT]
    assert unread(mailbox.url(), mark=True) == []


def test_an_empty_mailbox_has_nothing_to_say(mailbox: imap.Server) -> None:
    assert unread(mailbox.url(), mark=True) == []


def test_hundreds_are_read_some_at_a_time_up_to_a_limit(mailbox: imap.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox.put(*[REPORT, LETTER] * 30)
    monkeypatch.setattr(bounce_mailbox, "AT_MOST", 25)
    monkeypatch.setattr(bounce_mailbox, "_HEADS_TOGETHER", 16)
    assert [len(unread(mailbox.url(), mark=True)) for _ in range(3)] == [25, 5, 0]
    assert mailbox.seen() == [True, False] * 30


def test_of_a_huge_report_only_the_beginning_is_fetched(mailbox: imap.Server) -> None:
    mailbox.put(REPORT + b"x" * 3_000_000)
    (content,) = unread(mailbox.url())
    assert len(content) == bounce_reports.LARGEST
    assert bounce_reports.read(content)


def test_what_is_older_than_two_weeks_is_left_alone(mailbox: imap.Server) -> None:
    long_ago = clock.now() - LOOK_BACK - timedelta(days=2)
    mailbox.put(REPORT, at=long_ago.timestamp())
    assert unread(mailbox.url()) == []


def test_with_tls_from_the_start_the_certificate_must_be_trusted(mailbox: imap.Server, certificate: Path) -> None:
    mailbox.put(REPORT)
    with imap.tls_front(mailbox, certificate) as front:
        assert unread(front.url(scheme="imaps"), trusting(certificate), mark=True) == [REPORT]
        stranger = refusal(front.url(scheme="imaps"))
    assert stranger.kind is GatewayErrorKind.CONFIGURATION
    assert "not trusted" in str(stranger)


def test_starttls_is_used_where_it_is_offered_and_verified(certificate: Path) -> None:
    with imap.server(certificate=certificate) as server:
        url = server.url()
        assert unread(url, trusting(certificate)) == []
        assert refusal(url).kind is GatewayErrorKind.CONFIGURATION


def test_no_password_goes_over_an_open_line_to_another_machine(
    mailbox: imap.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.gateways.imap_connection.LOOPBACK", ())
    error = refusal(mailbox.url())
    assert error.kind is GatewayErrorKind.CONFIGURATION
    assert "encrypted" in str(error)


def test_who_signs_us_in_unasked_to_avoid_encryption_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.gateways.imap_connection.LOOPBACK", ())
    capable = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n"
    with imap.one_that_says(b"* PREAUTH welcome\r\n", capable) as (other, heard):
        assert refusal(other.url()).kind is GatewayErrorKind.CONFIGURATION
    assert [line.split()[1] for line in heard] == [b"CAPABILITY"]


def test_where_there_is_only_the_old_way_to_sign_in_any_name_is_quoted() -> None:
    capable = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
    with imap.one_that_says(b"* OK\r\n", capable, b"TAG NO [AUTHENTICATIONFAILED] no\r\n") as (other, heard):
        refusal(other.url().replace(imap.USER, "SCHOOL%5Coffice%20%221%22"))
    assert heard[1].split(b" ", 2)[2].startswith(b'"SCHOOL\\\\office \\"1\\"" ')


@pytest.mark.parametrize(
    ("wrong", "words"), [({"password": "another"}, "name and password"), ({"folder": "Nowhere"}, "no folder")]
)
def test_a_wrong_setting_says_which(mailbox: imap.Server, wrong: dict[str, str], words: str) -> None:
    error = refusal(mailbox.url(**wrong))
    assert error.kind is GatewayErrorKind.CONFIGURATION
    assert words in str(error)


def test_a_server_that_is_away_or_hangs_up_is_tried_again_another_time() -> None:
    with imap.one_that_says() as (gone, _):
        assert refusal(gone.url()).kind is GatewayErrorKind.TRANSIENT
    assert refusal(gone.url()).kind is GatewayErrorKind.TRANSIENT


def test_a_server_that_hangs_up_in_the_middle_is_tried_again_another_time(mailbox: imap.Server) -> None:
    with pytest.raises(GatewayError) as caught, BounceMailbox(mailbox.url()) as box:
        assert box._imap is not None
        box._imap.shutdown()
        list(box.unread())
    assert caught.value.kind is GatewayErrorKind.TRANSIENT


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.school.example",
        "https://office:secret-9@mail.school.example/INBOX",
        "imaps://mail.school.example/INBOX",
        "imaps://office:secret-9@/INBOX",
        "imaps://office:secret-9@mail.school.example:99999/INBOX",
        "imaps://office:secret-9@mail.school.example:0/INBOX",
        "imaps://office:secret-9@mail.school.example/INBOX%0D%0Aa2%20DELETE%20INBOX",
        "imaps://office:secret-9%0A@mail.school.example/INBOX",
        "imaps://[office:secret-9@mail.school.example/INBOX",
    ],
)
def test_a_setting_that_cannot_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="FIRSTKEY_BOUNCE_IMAP_URL looks like") as caught:
        BounceMailbox(url)
    assert "secret-9" not in str(caught.value)


def test_no_password_and_no_letter_shows_in_a_repr() -> None:
    box = BounceMailbox("imaps://office:secret-9@mail.school.example/INBOX")
    assert "secret-9" not in repr(box) + repr(box._place)
    assert "link" not in repr(bounce_mailbox.Letter("1", b"a link"))


def test_ports_and_folder_have_their_usual_values() -> None:
    at = [BounceMailbox(f"{scheme}://o:p@mail.school.example")._place for scheme in ("imaps", "imap")]
    assert [(place.port, place.folder, place.tls_at_once) for place in at] == [
        (993, "INBOX", True),
        (143, "INBOX", False),
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [("INBOX", "INBOX"), ("R&D", "R&-D"), ("台北", "&U,BTFw-"), ("Απ", "&A5EDwA-"), ("~peter/mail", "~peter/mail")],
)
def test_folders_in_any_alphabet_have_a_name_in_imap(name: str, written: str) -> None:
    assert imap_words.folder(name) == written


def test_days_are_written_in_english() -> None:
    assert imap_words.day(datetime(2026, 5, 3)) == "03-May-2026"


def test_a_number_after_the_text_is_understood_too() -> None:
    data = [(b"1 (BODY[] {2}", b"ab"), b" UID 7)", (b"2 (UID 8 BODY[] {2}", b"cd"), b")", b"3 (FLAGS (\\Seen))", None]
    assert list(imap_words.literals(data)) == [("7", b"ab"), ("8", b"cd")]
