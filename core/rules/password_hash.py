"""Hashes of chosen passwords: argon2id with OWASP's parameters (R05)."""

from __future__ import annotations

import os
import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
AT_ONCE = min(8, os.cpu_count() or 1)  # more are no quicker, and a flood of sign-ins must not take all the memory
_places = threading.BoundedSemaphore(AT_ONCE)  # (R05, T19)


def make(password: str) -> str:
    """The hash to store. About 35 ms: never call it inside a transaction."""
    with _places:
        return _HASHER.hash(_composed(password))


def fits(stored: str, password: str) -> bool:
    """Whether `password` is the one behind `stored`; an empty or disabled hash fits nothing but takes as long (R22)."""
    chosen = stored.startswith("$argon2")
    with _places:
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
