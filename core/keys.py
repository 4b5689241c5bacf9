"""The secret key: outside the database, so that a stolen database opens nothing.

It comes from FIRSTKEY_SECRET_KEY or from a file of mode 0600 made at first start. `kid` names a key without telling it;
keys in FIRSTKEY_SECRET_KEY_PREVIOUS still verify what they signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from core.config import settings
from core.errors import SettingsError

PLACEHOLDERS = ("changeme", "secret", "password", "example", "placeholder")


@dataclass(frozen=True)
class Key:
    """A key and the short name that stands in the database."""

    secret: bytes = field(repr=False)

    @property
    def kid(self) -> str:
        return hashlib.sha256(b"firstkey kid" + self.secret).hexdigest()[:12]

    def sign(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA256 over `purpose` and `value` (RFC 2104)."""
        return hmac.digest(self.secret, f"{purpose}|{value}".encode(), "sha256")


def current() -> Key:
    """The key that signs what is new."""
    text = settings().secret_key or _from_file()
    return Key(_decode(text))


def known() -> dict[str, Key]:
    """All keys that may still verify something, by kid."""
    older = [part.strip() for part in settings().secret_key_previous.split(",") if part.strip()]
    keys = [current(), *(Key(_decode(text)) for text in older)]
    return {key.kid: key for key in keys}


def replace() -> None:
    """Make a new key: every link, initial password and session of the old one is dead."""
    if settings().secret_key:
        raise SettingsError("The key stands in FIRSTKEY_SECRET_KEY. Put a new one there and start Firstkey again.")
    path = _path()
    temporary = path.with_suffix(".new")
    _write(temporary)
    temporary.replace(path)


def _path() -> Path:
    return settings().var_folder / "secret.key"


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def _from_file() -> str:
    path = _path()
    if not path.exists():
        temporary = path.with_suffix(f".{os.getpid()}")
        _write(temporary)
        try:
            os.link(temporary, path)  # two processes starting at once must agree on one key
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


def _decode(text: str) -> bytes:
    if any(word in text.lower() for word in PLACEHOLDERS):
        raise SettingsError("FIRSTKEY_SECRET_KEY is a placeholder. Make one with: openssl rand -hex 32")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        try:
            secret = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise SettingsError("FIRSTKEY_SECRET_KEY is neither hex nor base64.") from error
    if len(secret) < 32 or len(set(secret)) < 8:
        raise SettingsError("FIRSTKEY_SECRET_KEY is too short or too regular. Make one with: openssl rand -hex 32")
    return secret
