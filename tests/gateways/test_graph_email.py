"""E-mail through Microsoft Graph, against a counterpart: what arrives, and what every no means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import config
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import choose
from core.gateways.channels import Email, EmailGateway
from tests.peers import entra as peer
from tests.peers.entra import Entra
from tests.peers.graph import Answer, error

KINDS, MAILBOX = GatewayErrorKind, "office@school.example"
INVITATION = Email("sam@mail.example", "Your key,\r\nSam", "text", "<p>Γειά σου Sam</p>", "c1-m7")


@pytest.fixture
def entra(tenant: Entra, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    for name, value in tenant.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FIRSTKEY_EMAIL", "graph")
    monkeypatch.setenv("FIRSTKEY_GRAPH_MAILBOX", MAILBOX)
    config.settings.cache_clear()
    tenant.graph.mailboxes.add(MAILBOX)
    tenant.graph.sent.clear()
    yield tenant
    tenant.graph.refusals.clear()
    tenant.graph.forbidden.clear()
    config.settings.cache_clear()


@pytest.fixture
def gateway(entra: Entra) -> Iterator[EmailGateway]:
    made = choose.email(outbox=False)
    yield made
    made.close()


def _refusal(gateway: EmailGateway, email: Email = INVITATION) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        gateway.send(email)
    assert "sam@mail.example" not in str(caught.value) and peer.SECRET not in str(caught.value)
    return caught.value


def test_a_message_leaves_as_the_mailbox_and_stays_in_no_folder(gateway: EmailGateway, entra: Entra) -> None:
    assert gateway.send(INVITATION) == "<c1-m7@school.example>"
    (sent,) = entra.graph.sent
    message = sent["message"]
    assert sent["saveToSentItems"] is False
    assert message["toRecipients"] == [{"emailAddress": {"address": "sam@mail.example"}}]
    assert message["subject"] == "Your key, Sam" and message["body"]["content"] == INVITATION.html
    assert message["internetMessageId"] == "<c1-m7@school.example>"


def test_the_token_is_asked_for_once(gateway: EmailGateway, entra: Entra) -> None:
    entra.graph.tokens.clear()
    for _number in range(5):
        gateway.send(INVITATION)
    assert len(entra.graph.sent) == 5 and len(entra.graph.tokens) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        ((429, error("ApplicationThrottled"), {"Retry-After": "17"}), KINDS.TRANSIENT, 17),
        ((503, error("ServiceUnavailable"), {"Retry-After": "3"}), KINDS.TRANSIENT, 3),
        ((503, error("ServiceUnavailable"), {}), KINDS.AMBIGUOUS, None),
        ((500, error("InternalServerError"), {}), KINDS.AMBIGUOUS, None),
        ((502, None, {}), KINDS.AMBIGUOUS, None),
        ((504, None, {}), KINDS.AMBIGUOUS, None),
        ((400, error("ErrorInvalidRecipients"), {}), KINDS.PERMANENT, None),
        ((401, error("InvalidAuthenticationToken"), {}), KINDS.CONFIGURATION, None),
        ((403, error("ErrorAccessDenied"), {}), KINDS.CONFIGURATION, None),
        ((429, error("ErrorExceededMessageLimit"), {"Retry-After": "5"}), KINDS.CONFIGURATION, None),
        ((400, error("ErrorMessageSubmissionBlocked"), {}), KINDS.CONFIGURATION, None),
    ],
)
def test_every_no_is_told_apart(
    gateway: EmailGateway, entra: Entra, answer: Answer, kind: GatewayErrorKind, wait: float | None
) -> None:
    entra.graph.refusals.append(answer)
    refusal = _refusal(gateway)
    assert (refusal.kind, refusal.retry_after) == (kind, wait)
    assert gateway.send(INVITATION)


def test_an_address_that_microsoft_refuses_is_a_bad_address(gateway: EmailGateway, entra: Entra) -> None:
    refusal = _refusal(gateway, Email("nobody", "s", "t", "h", "c1-m8"))
    assert (refusal.kind, refusal.reason) == (KINDS.PERMANENT, "bad_address")


def test_a_mailbox_that_is_not_there_pauses_and_names_it(gateway: EmailGateway, entra: Entra) -> None:
    entra.graph.mailboxes.clear()
    refusal = _refusal(gateway)
    assert refusal.kind is KINDS.CONFIGURATION and MAILBOX in str(refusal)


def test_a_wrong_secret_pauses_and_says_which(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_CLIENT_SECRET", "old")
    config.settings.cache_clear()
    refusal = _refusal(choose.email(outbox=False))
    assert refusal.kind is KINDS.CONFIGURATION and "FIRSTKEY_MICROSOFT_CLIENT_SECRET" in str(refusal)


def test_microsoft_away_is_tried_again(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_GRAPH_URL", "https://localhost:1")
    config.settings.cache_clear()
    assert _refusal(choose.email(outbox=False)).kind is KINDS.TRANSIENT


def test_a_setting_that_is_missing_pauses(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_GRAPH_MAILBOX", "")
    config.settings.cache_clear()
    refusal = _refusal(choose.email(outbox=False))
    assert refusal.kind is KINDS.CONFIGURATION and "FIRSTKEY_GRAPH_MAILBOX" in str(refusal)
