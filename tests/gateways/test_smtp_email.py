"""E-mail by SMTP against real servers: what arrives, and what each failure means."""

from __future__ import annotations

import email
import email.policy
import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways.channels import Email
from core.gateways.smtp_email import SmtpEmail
from tests.peers import smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import DROP, Behaviour

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
    "the content is refused": (Behaviour(content="554 5.7.1 Spam"), GatewayErrorKind.PERMANENT, "blocked"),
    "the content is put off": (Behaviour(content="451 4.3.0 Later"), GatewayErrorKind.TRANSIENT, None),
    "hung up at the address": (Behaviour(rcpt=DROP), GatewayErrorKind.TRANSIENT, None),
    "hung up before the content": (Behaviour(data=DROP), GatewayErrorKind.TRANSIENT, None),
    "hung up after the content": (Behaviour(content=DROP), GatewayErrorKind.AMBIGUOUS, None),
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
