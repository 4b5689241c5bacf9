"""Hashes of chosen passwords: argon2id with OWASP's parameters (R05)."""

from __future__ import annotations

import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(8)  # a flood of sign-ins must not take all the memory (R05, T19)


def make(password: str) -> str:
    """The hash to store. About 35 ms: never call it inside a transaction."""
    with _AT_ONCE:
        return _HASHER.hash(_composed(password))


def fits(stored: str, password: str) -> bool:
    """Whether `password` is the one behind `stored`; an empty or disabled hash fits nothing but takes as long (R22)."""
    chosen = stored.startswith("$argon2")
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored if chosen else _nobody(), _composed(password)) and chosen
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with older parameters and should be made anew."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


def _composed(password: str) -> str:
    """Both ways of typing an accent are one password (NFKC, R02)."""
    return unicodedata.normalize("NFKC", password)
