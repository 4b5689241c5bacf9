"""E-mail by SMTP against real servers: what arrives, and what each failure means."""

from __future__ import annotations

import email
import email.policy
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope
from hypothesis import given
from hypothesis import strategies as st

from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import mime, smtp_email
from core.gateways.channels import Email
from core.gateways.smtp_email import SmtpEmail
from tests.peers import smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import DROP, HALF_CLOSE, Behaviour

SENDER = "School office <office@school.example>"
LETTER = Email("sam@mail.example", "Your key", "Hello Sam\nκλειδί\n", "<p>Hello Sam</p>", "ab" * 16)


def _message(envelope: Envelope) -> email.message.EmailMessage:
    return email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[return-value, arg-type]


def test_a_message_arrives_with_both_parts_and_says_that_a_machine_wrote_it() -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        message_id = gateway.send(LETTER)
        gateway.close()
    (envelope,) = behaviour.accepted
    message = _message(envelope)
    assert envelope.rcpt_tos == ["sam@mail.example"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == message_id == f"<{LETTER.reference}@school.example>"
    assert message.get_body(("plain",)).get_content().splitlines() == LETTER.text.splitlines()  # type: ignore[union-attr]
    assert "<p>Hello Sam</p>" in message.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_two_messages_share_one_connection_and_a_retry_keeps_its_message_id() -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        assert gateway.send(LETTER) == gateway.send(LETTER)
        gateway.close()
    assert behaviour.connections == 1
    assert len(behaviour.accepted) == 2


@pytest.mark.parametrize("evil", ["a\r\nBcc: all@mail.example", "a\vBcc: x", "a\u2028Bcc: x", "a\u202eb", "a\x00b"])
def test_r66_a_subject_never_becomes_a_second_header(evil: str) -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER).send(Email("sam@mail.example", evil, "t\n", "<p>t</p>", "c" * 32))
    (envelope,) = behaviour.accepted
    assert envelope.rcpt_tos == ["sam@mail.example"]
    assert _message(envelope)["Bcc"] is None


REPLIES = {
    "the address does not exist": (Behaviour(rcpt="550 5.1.1 No such user"), GatewayErrorKind.PERMANENT, "bad_address"),
    "the mailbox is full": (Behaviour(rcpt="552 5.2.2 Full"), GatewayErrorKind.PERMANENT, "bounced"),
    "greylisted": (Behaviour(rcpt="451 4.7.1 Try again later"), GatewayErrorKind.TRANSIENT, None),
    "busy": (Behaviour(mail="421 4.3.2 Too many"), GatewayErrorKind.TRANSIENT, None),
    "the sender is refused": (Behaviour(mail="550 5.7.1 Not you"), GatewayErrorKind.CONFIGURATION, None),
    "the day is full at Gmail": (Behaviour(rcpt="550 5.4.5 Daily limit"), GatewayErrorKind.CONFIGURATION, None),
    "the day is full at Exchange": (Behaviour(content="550 5.1.90 Limit"), GatewayErrorKind.CONFIGURATION, None),
    "the sender is shut out": (Behaviour(content="550 5.1.8 Bad outbound"), GatewayErrorKind.CONFIGURATION, None),
    "not our address": (Behaviour(content="550 5.7.60 No permissions"), GatewayErrorKind.CONFIGURATION, None),
    "the content is refused": (Behaviour(content="554 5.7.1 Spam"), GatewayErrorKind.PERMANENT, "blocked"),
    "the content is put off": (Behaviour(content="451 4.3.0 Later"), GatewayErrorKind.TRANSIENT, None),
    "hung up at the address": (Behaviour(rcpt=DROP), GatewayErrorKind.TRANSIENT, None),
    "hung up before the content": (Behaviour(data=DROP), GatewayErrorKind.TRANSIENT, None),
    "hung up after the content": (Behaviour(content=DROP), GatewayErrorKind.AMBIGUOUS, None),
    "silent for good after the content": (Behaviour(content=HALF_CLOSE), GatewayErrorKind.AMBIGUOUS, None),
}


@pytest.mark.parametrize("case", REPLIES)
def test_each_answer_of_a_server_has_its_meaning(case: str) -> None:
    behaviour, kind, reason = REPLIES[case]
    with smtp.server(behaviour) as port, pytest.raises(GatewayError) as raised:
        SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER).send(LETTER)
    if kind is GatewayErrorKind.PERMANENT:
        assert raised.value.reason == reason
    assert raised.value.kind is kind
    assert LETTER.text not in str(raised.value)


def test_after_a_refusal_the_next_message_goes_out() -> None:
    behaviour = Behaviour(rcpt="550 5.1.1 No such user")
    with smtp.server(behaviour) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        with pytest.raises(GatewayError):
            gateway.send(LETTER)
        behaviour.rcpt = ""
        gateway.send(LETTER)
    assert len(behaviour.accepted) == 1


def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    with pytest.raises(GatewayError) as raised:
        SmtpEmail(f"smtp://127.0.0.1:{free_port()}", SENDER).send(LETTER)
    assert raised.value.kind is GatewayErrorKind.TRANSIENT


def test_r89_a_certificate_that_nobody_trusts_stops_before_anything_is_sent(tmp_path: Path) -> None:
    behaviour = Behaviour()
    certificate = smtp.self_made_certificate(tmp_path)
    with smtp.server(behaviour, certificate=certificate) as port, pytest.raises(GatewayError) as raised:
        SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER).send(LETTER)
    assert raised.value.kind is GatewayErrorKind.CONFIGURATION
    assert behaviour.accepted == []


def test_r89_with_a_trusted_certificate_starttls_and_the_password_are_used(tmp_path: Path) -> None:
    behaviour, certificate = Behaviour(), smtp.self_made_certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with smtp.server(behaviour, certificate=certificate, login=("office", "pass/word")) as port:
        SmtpEmail(f"smtp://office:pass%2Fword@127.0.0.1:{port}", SENDER, trusted).send(LETTER)
        with pytest.raises(GatewayError) as raised:
            SmtpEmail(f"smtp://office:wrong@127.0.0.1:{port}", SENDER, trusted).send(LETTER)
    assert len(behaviour.accepted) == 1
    assert raised.value.kind is GatewayErrorKind.CONFIGURATION
    assert "wrong" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "mail.school.example", "http://mail.school.example"])
def test_an_address_that_is_no_mail_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        SmtpEmail(url, SENDER)


def test_a_connection_that_fell_asleep_is_opened_anew_for_the_next_message() -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour, hang_up_after_s=0.2) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        gateway.send(LETTER)
        behaviour.hung_up.wait(5)
        gateway.send(LETTER)
        gateway.close()
    assert (len(behaviour.accepted), behaviour.connections) == (2, 2)


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_email, "VERDICT_TIMEOUT_S", 0.2)
    behaviour = Behaviour(delay_s=0.6)
    with smtp.server(behaviour) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        with pytest.raises(GatewayError) as raised:
            gateway.send(LETTER)
        behaviour.delay_s, behaviour.rcpt = 0.0, "550 5.1.1 No such user"
        with pytest.raises(GatewayError) as refused:
            gateway.send(LETTER)
    assert raised.value.kind is GatewayErrorKind.AMBIGUOUS
    assert refused.value.kind is GatewayErrorKind.PERMANENT


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<b@mail.example>@mail.example", "a b@", "@", "a@b\nc.example"])
def test_an_address_that_is_none_is_refused_and_only_it(address: str) -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        gateway = SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER)
        with pytest.raises(GatewayError) as raised:
            gateway.send(replace(LETTER, to=address))
        gateway.send(LETTER)
    assert raised.value.kind is GatewayErrorKind.PERMANENT
    assert [envelope.rcpt_tos for envelope in behaviour.accepted] == [["sam@mail.example"]]


def test_a_domain_in_other_letters_travels_in_ascii() -> None:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER).send(replace(LETTER, to="sam@σχολείο.example"))
    assert behaviour.accepted[0].rcpt_tos == ["sam@xn--kxalrpdt2a.example"]


@given(subject=st.text(max_size=120), text=st.text(max_size=300))
def test_r66_whatever_the_names_hold_the_message_reads_back_as_it_was_meant(subject: str, text: str) -> None:
    letter = Email("sam@mail.example", subject, text, f"<p>{text}</p>", "d" * 32)
    raw = mime.content(letter, from_header="From: office@school.example\r\n", to=letter.to, message_id="<x@y>")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message.keys() == [
        *("From", "To", "Subject", "Message-ID", "Date"),
        *("Auto-Submitted", "MIME-Version", "Content-Type"),
    ]
    assert "".join(str(message["Subject"]).split()) == "".join(mime.one_line(subject).split())
    plain, html = message.iter_parts()  # type: ignore[attr-defined]
    wanted = text.replace("\r\n", "\n").replace("\n", "\r\n")
    assert plain.get_payload(decode=True).decode() == wanted
    assert html.get_payload(decode=True).decode() == f"<p>{wanted}</p>"
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
