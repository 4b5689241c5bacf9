"""Twilio in front of our door, with its signature."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from httpx import Response
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from core import config
from core.web import twilio_forms

PUBLIC = "https://keys.school.example"
TOKEN, OLD_TOKEN = "the-token-of-today", "the-token-of-yesterday"
SID = "SM0123456789abcdef0123456789abcdef"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the school is one that Twilio writes to."""
    monkeypatch.setenv("FIRSTKEY_PUBLIC_BASE_URL", PUBLIC)
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("FIRSTKEY_TWILIO_AUTH_TOKEN_PREVIOUS", OLD_TOKEN)
    config.settings.cache_clear()
    twilio_forms._refused.clear()


def post(
    client: TestClient,
    path: str,
    form: list[tuple[str, str]],
    *,
    token: str = TOKEN,
    signed_url: str = "",
    **headers: str,
) -> Response:
    """As Twilio does: the signature is over the address that it was told."""
    many: dict[str, str] = dict(form)
    signature = RequestValidator(token).compute_signature(signed_url or PUBLIC + path, many)
    sent = FORM | {"x-twilio-signature": signature} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, content=urlencode(form), headers=sent)
