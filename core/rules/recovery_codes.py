"""Codes for the day on which the phone is lost: ten on paper, each good once (R27).

Twelve characters of Crockford's base 32. The first two tell which of the ten it is, so that one slow hash is compared
and not ten; the other ten characters are 50 bits that nobody knows.
"""

from __future__ import annotations

import secrets

from core.rules.initial_credentials import ALPHABET, canonical

NUMBER, LENGTH, HINT_LENGTH = 10, 12, 2


def make() -> tuple[str, ...]:
    """Ten new codes in groups of four; no two begin alike."""
    codes: dict[str, str] = {}
    while len(codes) < NUMBER:
        code = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))
        codes.setdefault(code[:HINT_LENGTH], code)
    return tuple(written(code) for code in codes.values())


def hint(typed: str) -> str:
    """Which of the ten was typed; empty for what is no such code."""
    code = canonical(typed[:100])
    return code[:HINT_LENGTH] if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def secret(typed: str) -> str:
    """What is hashed: the same for all ways of writing a code."""
    return canonical(typed[:100])


def written(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
