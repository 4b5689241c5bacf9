"""Secrets that have to be read again, such as the seeds of one-time codes: sealed, never stored as they are (R90).

AES-256-GCM under a key derived from the secret key, which stands outside the database. What is sealed belongs to one
row of one table: copied into another row it opens nothing, and a changed byte opens nothing either.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core import keys

_NONCE = 12  # bytes; random, and a school seals far fewer secrets than would make two alike


class SealBroken(Exception):
    """The key is gone, or these bytes were not sealed for this row."""


@dataclass(frozen=True)
class Sealed:
    """What the database keeps: the name of the key, and the nonce with the ciphertext."""

    kid: str
    content: bytes = field(repr=False)


def seal(secret: bytes, *, table: str, row: object) -> Sealed:
    """Seal `secret` for one row under the key of today."""
    key, nonce = keys.current(), secrets.token_bytes(_NONCE)
    return Sealed(key.kid, nonce + _cipher(key).encrypt(nonce, secret, _place(table, row, key.kid)))


def unseal(sealed: Sealed, *, table: str, row: object) -> bytes:
    """What was sealed for this row. Raises SealBroken for everything else."""
    key = keys.known().get(sealed.kid)
    if key is None:
        raise SealBroken(f"the key {sealed.kid} is gone")
    nonce, content = sealed.content[:_NONCE], sealed.content[_NONCE:]
    try:
        return _cipher(key).decrypt(nonce, content, _place(table, row, key.kid))
    except (InvalidTag, ValueError):
        raise SealBroken(f"not sealed for this row of {table}") from None


def _cipher(key: keys.Key) -> AESGCM:
    return AESGCM(key.sign("seal", "AES-256-GCM"))


def _place(table: str, row: object, kid: str) -> bytes:
    return f"firstkey|{table}|{row}|{kid}".encode()
