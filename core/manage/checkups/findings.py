"""What a look found, in words; never with a secret in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from core.config import Settings

_SECRET_SETTINGS = (
    "secret_key",
    "secret_key_previous",
    "twilio_auth_token",
    "twilio_auth_token_previous",
    "metrics_token",
    "microsoft_client_secret",
)
_URL_SETTINGS = ("database_url", "engine_url", "smtp_url", "bounce_imap_url")


class Level(StrEnum):
    """How bad it is; one fault makes the command fail."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was seen, what to do about it."""

    what: str
    level: Level
    sentence: str
    remedy: str = ""


def fine(what: str, sentence: str) -> Finding:
    return Finding(what, Level.FINE, sentence)


def warning(what: str, sentence: str, remedy: str) -> Finding:
    return Finding(what, Level.WARNING, sentence, remedy)


def fault(what: str, sentence: str, remedy: str) -> Finding:
    return Finding(what, Level.FAULT, sentence, remedy)


def sentence(words: str) -> str:
    """The words of an error as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def told(error: BaseException, settings: Settings) -> str:
    """The first line of what another program said, without any secret of ours that it may have repeated."""
    said = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0][:300]
    for secret in sorted(_secrets(settings), key=len, reverse=True):
        said = said.replace(secret, "***")
    return said


def _secrets(settings: Settings) -> set[str]:
    found = {str(getattr(settings, name)) for name in _SECRET_SETTINGS}
    for name in _URL_SETTINGS:
        password = urlsplit(str(getattr(settings, name))).password or ""
        found |= {password, unquote(password)}
    return {secret for secret in found if len(secret) > 3}
