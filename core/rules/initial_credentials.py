"""Initial credentials without a stored secret: derived from a key and the uid of an Invitation row (DESIGN §4)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I L O U
LINK_LENGTH, PASSWORD_LENGTH = 26, 16  # 128 and 80 bits
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LINK = re.compile(f"[{ALPHABET}]{{{LINK_LENGTH}}}")


def new_uid() -> str:
    """The random 128 bits that make an issue of its own."""
    return secrets.token_hex(16)


def link_token(secret: bytes, uid: str) -> str:
    """The 26 characters of an invitation link."""
    return _crockford(_derive(secret, "link", uid), LINK_LENGTH)


def reset_token(secret: bytes, uid: str) -> str:
    """The same for a link that somebody asked for who forgot their password."""
    return _crockford(_derive(secret, "reset", uid), LINK_LENGTH)


def initial_password(secret: bytes, uid: str) -> str:
    """The 16 characters of an initial password, in four groups."""
    return "-".join(_groups(_crockford(_derive(secret, "password", uid), PASSWORD_LENGTH)))


def microsoft_password(secret: bytes, uid: str) -> str:
    """The same for a user who is made in Microsoft 365, which wants letters of both cases beside digits or signs."""
    groups = _groups(_crockford(_derive(secret, "microsoft", uid), PASSWORD_LENGTH))
    return "-".join(group.lower() if place % 2 else group for place, group in enumerate(groups))


def canonical(typed: str) -> str:
    """What was meant: any case, with or without dashes, O for 0, I and L for 1."""
    return typed.strip().upper().translate(_READ_AS)


def token_hash(typed: str) -> str:
    """The hash that the database keeps; equal for all ways of writing the same secret."""
    return hashlib.sha256(b"firstkey token" + canonical(typed).encode()).hexdigest()


def looks_like_link(typed: str) -> bool:
    """Whether it is worth asking the database: 26 characters of the alphabet."""
    return len(typed) <= 64 and _LINK.fullmatch(canonical(typed)) is not None


def _derive(secret: bytes, purpose: str, uid: str) -> int:
    return int.from_bytes(hmac.new(secret, f"{purpose}|{uid}".encode(), hashlib.sha256).digest(), "big")


def _groups(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def _crockford(number: int, length: int) -> str:
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in range(length))
