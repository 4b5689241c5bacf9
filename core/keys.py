"""The secret key: outside the database, so that a stolen database opens nothing.

It comes from FIRSTKEY_SECRET_KEY or from a file of mode 0600 made at first start: one key a line, the newest first.
`kid` names a key without telling it. Older keys, in that file or in FIRSTKEY_SECRET_KEY_PREVIOUS, still verify what
they signed and open what they sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.config import command, require_folder, settings
from core.errors import SettingsError

_NONCE = 12  # bytes
_TOKEN = 32  # hexadecimal digits
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

    def seal(self, place: str, content: bytes) -> bytes:
        """Encrypt what lies in the database (AES-256-GCM), for one table and row: elsewhere it does not open."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.sign("seal", place)).encrypt(nonce, content, place.encode())

    def unseal(self, place: str, sealed: bytes) -> bytes | None:
        """What was sealed for that place; None when it was changed or comes from another place."""
        try:
            return AESGCM(self.sign("seal", place)).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError):
            return None


def current() -> Key:
    """The key that signs and seals what is new."""
    return Key(_decode(settings().secret_key or _from_file()[0]))


def known() -> dict[str, Key]:
    """All keys that may still verify something, by kid."""
    newest = [settings().secret_key] if settings().secret_key else _from_file()
    older = [part.strip() for part in settings().secret_key_previous.split(",") if part.strip()]
    keys = [Key(_decode(text)) for text in (*newest, *older)]
    return {key.kid: key for key in keys}


def token(purpose: str, value: str) -> str:
    """What a form or a cookie carries to show that we made it: 128 bits of a signature."""
    return current().sign(purpose, value).hex()[:_TOKEN]


def made(purpose: str, value: str, text: str) -> bool:
    """Whether `text` is such a token, of the key of today or of one that is kept (R94)."""
    tokens = (key.sign(purpose, value).hex()[:_TOKEN].encode() for key in known().values())
    return any(hmac.compare_digest(token, text.encode()) for token in tokens)


def replace() -> None:
    """Make a new key: every link, initial password and session of the old one is dead."""
    _store([secrets.token_hex(32)])


def add() -> Key:
    """Make a new key for what is new; the older ones go on verifying (R94)."""
    _store([secrets.token_hex(32), *_from_file()])
    return current()


def keep(kids: Collection[str]) -> int:
    """Take out of the file the older keys that nothing needs any more; gives how many."""
    lines = _from_file()
    kept = [text for place, text in enumerate(lines) if place == 0 or Key(_decode(text)).kid in kids]
    if len(kept) < len(lines):
        _store(kept)
    return len(lines) - len(kept)


def path() -> Path | None:
    """The file of the key; None where it comes from the environment."""
    return None if settings().secret_key else _path()


def _path() -> Path:
    return settings().var_folder / "secret.key"


def _store(lines: Sequence[str]) -> None:
    if settings().secret_key:
        raise SettingsError(
            "The key stands in FIRSTKEY_SECRET_KEY. Put a new one there and the old one into "
            f"FIRSTKEY_SECRET_KEY_PREVIOUS, start Firstkey again, then run: {command('rotate-key')}"
        )
    temporary = _path().with_suffix(".new")
    _write(temporary, lines)
    temporary.replace(_path())


def _write(path: Path, lines: Sequence[str]) -> None:
    require_folder()
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))


def _from_file() -> list[str]:
    path = _path()
    if not path.exists():
        temporary = path.with_suffix(f".{os.getpid()}")
        _write(temporary, [secrets.token_hex(32)])
        try:
            os.link(temporary, path)  # two processes starting at once must agree on one key
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    about = path.stat()
    return list(_lines(path, about.st_ino, about.st_mtime_ns, about.st_size))


@lru_cache(maxsize=4)
def _lines(path: Path, *_version: int) -> tuple[str, ...]:
    """What stands in the file as it is now: each page of a visitor asks for the key several times."""
    return tuple(path.read_text().split()) or ("",)


def _decode(text: str) -> bytes:
    if not text:
        raise SettingsError("The file of the secret key is empty. Put the key back from where you keep it.")
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
