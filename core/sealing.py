"""Secrets that have to be read again, such as the seeds of one-time codes: sealed, never stored as they are (R90).

Under the key of today, which stands outside the database. What is sealed belongs to one row of one table: copied into
another row it opens nothing, and a changed byte opens nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core import keys


class SealBroken(Exception):
    """The key is gone, or these bytes were not sealed for this row."""


@dataclass(frozen=True)
class Sealed:
    """What the database keeps: the name of the key, and what it sealed."""

    kid: str
    content: bytes = field(repr=False)


def seal(secret: bytes, *, table: str, row: object) -> Sealed:
    """Seal `secret` for one row under the key of today."""
    key = keys.current()
    return Sealed(key.kid, key.seal(_place(table, row), secret))


def unseal(sealed: Sealed, *, table: str, row: object) -> bytes:
    """What was sealed for this row. Raises SealBroken for everything else."""
    key = keys.known().get(sealed.kid)
    if key is None:
        raise SealBroken(f"the key {sealed.kid} is gone")
    secret = key.unseal(_place(table, row), sealed.content)
    if secret is None:
        raise SealBroken(f"not sealed for this row of {table}")
    return secret


def _place(table: str, row: object) -> str:
    return f"{table}/{row}"
