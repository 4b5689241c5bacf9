"""Reports as mail servers write them (tests/data/bounces), and mail that only looks like one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import FailureReason
from core.rules import bounce_reports
from core.rules.bounce_reports import LARGEST, Fate, Report

FOLDER = Path(__file__).parent.parent / "data" / "bounces"
REFERENCE = "0123456789abcdef0123456789abcdef"
BOUNCED, BAD_ADDRESS, BLOCKED = FailureReason.BOUNCED, FailureReason.BAD_ADDRESS, FailureReason.BLOCKED
CORPUS = [
    ("postfix_no_such_user", Fate.FAILED, "5.1.1", BAD_ADDRESS),
    ("postfix_mailbox_full", Fate.FAILED, "5.2.2", BOUNCED),
    ("postfix_expired", Fate.FAILED, "4.4.1", BOUNCED),
    ("postfix_blocked", Fate.FAILED, "5.7.1", BLOCKED),
    ("postfix_moved_id", Fate.FAILED, "5.1.1", BAD_ADDRESS),
    ("gmail_no_such_user", Fate.FAILED, "5.1.1", BAD_ADDRESS),
    ("exchange_online_not_found", Fate.FAILED, "5.1.10", BAD_ADDRESS),
    ("exchange_server_disabled", Fate.FAILED, "5.2.1", BOUNCED),
    ("exchange_nothing_returned", Fate.FAILED, "5.7.133", BLOCKED),
    ("exim_unspecific", Fate.FAILED, "5.1.1", BAD_ADDRESS),
    ("other_alphabet", Fate.FAILED, "5.1.1", BAD_ADDRESS),
]
ARRIVED_OR_WAITS = [
    ("postfix_delayed", Fate.DELAYED),
    ("postfix_delivered", Fate.ARRIVED),
    ("two_mailboxes_one_full", Fate.ARRIVED),
]


def eml(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def failure(block: str, *, original: str = f"Message-ID: <{REFERENCE}@school.example>") -> bytes:
    """The shortest report there is, about one recipient."""
    return (
        "Content-Type: multipart/report; report-type=delivery-status; boundary=one\r\n\r\n"
        f"--one\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{block}\r\n"
        f"--one\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n\r\n--one--\r\n"
    ).encode()


@pytest.mark.parametrize(("name", "fate", "status", "reason"), CORPUS, ids=[entry[0] for entry in CORPUS])
def test_an_email_that_came_back_is_known_by_our_own_name_for_it(
    name: str, fate: Fate, status: str, reason: FailureReason
) -> None:
    report = bounce_reports.read(eml(name))
    assert report == Report(REFERENCE, fate, status)
    assert report is not None and report.reason is reason
    assert bounce_reports.is_report(eml(name))


@pytest.mark.parametrize(("name", "fate"), ARRIVED_OR_WAITS)
def test_a_delay_or_a_success_is_no_failure(name: str, fate: Fate) -> None:
    report = bounce_reports.read(eml(name))
    assert report is not None and report.fate is fate


@pytest.mark.parametrize("path", sorted(FOLDER.glob("none_*.eml")), ids=lambda path: path.stem)
def test_answers_receipts_and_reports_about_other_mail_are_not_ours(path: Path) -> None:
    assert bounce_reports.read(path.read_bytes()) is None


def test_all_files_of_the_corpus_are_asked_about() -> None:
    known = {entry[0] for entry in [*CORPUS, *ARRIVED_OR_WAITS]}
    assert {path.stem for path in FOLDER.glob("*.eml") if not path.stem.startswith("none_")} == known


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_either_kind_of_line_end_will_do(newline: bytes) -> None:
    report = bounce_reports.read(eml("gmail_no_such_user").replace(b"\r\n", newline))
    assert report is not None and report.fate is Fate.FAILED


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.2", BAD_ADDRESS),
        ("5.1.8", BLOCKED),
        ("5.3.4", BOUNCED),
        ("5.4.14", BOUNCED),
        ("5.7.26", BLOCKED),
        ("5.99.99", BOUNCED),
        ("", BOUNCED),
    ],
)
def test_the_status_says_why(status: str, reason: FailureReason) -> None:
    report = bounce_reports.read(failure(f"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: {status}"))
    assert report is not None and (report.status, report.reason) == (status, reason)


@pytest.mark.parametrize(
    ("block", "fate"),
    [
        ("Final-Recipient: rfc822; a@b.example\r\nStatus: 5.1.1", Fate.FAILED),
        ("Final-Recipient: rfc822; a@b.example\r\nStatus: 4.1.1", None),
        ("Final-Recipient: rfc822; a@b.example\r\nAction: gone\r\nStatus: 5.1.1", None),
        ("X-Something: else", None),
    ],
)
def test_a_report_that_does_not_say_what_happened_changes_nothing(block: str, fate: Fate | None) -> None:
    report = bounce_reports.read(failure(block))
    assert (report.fate if report else None) is fate


def test_nothing_but_digits_is_kept_of_what_the_other_server_says() -> None:
    report = bounce_reports.read(
        failure("Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: <script>5.1.1</script>")
    )
    assert report == Report(REFERENCE, Fate.FAILED, "5.1.1")


@pytest.mark.parametrize(
    "original",
    [
        "Message-ID: <0123456789ABCDEF0123456789ABCDEF@school.example>",
        f"Message-ID: <{REFERENCE}0@school.example>",
        f"Message-ID: {REFERENCE}@school.example",
        f"Message-ID: <{REFERENCE}@school.example> <other@school.example>",
        f"Subject: {REFERENCE}",
        f"In-Reply-To: <{REFERENCE}@school.example>",
        "",
    ],
)
def test_what_came_back_must_bear_our_own_name(original: str) -> None:
    block = "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1"
    assert bounce_reports.read(failure(block, original=original)) is None


_HEAD = b"Content-Type: multipart/report; boundary=b\n\n--b\n"
HOSTILE = {
    "an endless list of parameters": b"Content-Type: multipart/report; " + b'";' * 60_000,
    "semicolons in quotes": b'Content-Type: multipart/report; boundary="' + b";" * 120_000,
    "the same, folded": b'Content-Type: multipart/report; boundary="' + b";;;\n " * 24_000,
    "parts in parts": b"".join(
        b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    ),
    "messages in messages": _HEAD + b"Content-Type: message/rfc822\n\n" * 4000,
    "very many recipients": _HEAD + b"Content-Type: message/delivery-status\n\n" + b"Action: x\n\n" * 11_000,
    "nothing but line ends": _HEAD + b"\r" * 120_000,
    "parts without content": b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n\n" * 25_000,
    "headers without end": b"Content-Type: multipart/report; boundary=b\n" + b"A: b\n" * 25_000,
    "an alphabet that is none": b"Content-Type: multipart/report; boundary*=none''b%FF\n\n--b\n\xff\xff\n--b--",
    "an empty mail": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_mail_made_to_harm_is_no_report_and_costs_little_time(content: bytes) -> None:
    started = time.process_time()
    assert bounce_reports.read(content) is None
    bounce_reports.is_report(content)
    assert time.process_time() - started < 5


def test_what_comes_after_the_first_part_of_a_huge_mail_is_not_read() -> None:
    padding = b"X-Long: " + b"x" * 900 + b"\r\n"
    late = eml("postfix_no_such_user").replace(b"Content-Description: Notification\r\n", padding * (LARGEST // 900))
    assert bounce_reports.read(late) is None


@given(st.data())
def test_a_damaged_report_is_read_or_left_but_never_an_accident(data: st.DataObject) -> None:
    names = st.sampled_from(sorted(path.stem for path in FOLDER.glob("*.eml")))
    content = bytearray(eml(data.draw(names)))
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    report = bounce_reports.read(bytes(content))
    assert report is None or (len(report.reference) == 32 and report.reason)


@given(st.binary(max_size=400))
def test_any_bytes_at_all_can_be_asked(content: bytes) -> None:
    bounce_reports.read(b"Content-Type: multipart/report; boundary=b\n\n--b\n" + content)
    bounce_reports.is_report(content)
