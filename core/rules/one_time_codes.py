"""One-time codes of an authenticator app (TOTP, RFC 6238): six digits, a new one every 30 seconds (R26)."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import datetime

import pyotp

SEED_BYTES, PERIOD, DIGITS = 20, 30, 6  # 160 bits, and what every app takes for granted
_TYPED = re.compile(f"[0-9]{{{DIGITS}}}")


def new_seed() -> bytes:
    """What the app and the school share, and nobody else."""
    return secrets.token_bytes(SEED_BYTES)


def step_of(seed: bytes, typed: str, *, at: datetime) -> int | None:
    """The half minute whose code was typed: this one or a neighbour, as clocks differ. None: no code of now."""
    code = "".join(typed.split())
    if not _TYPED.fullmatch(code):
        return None
    app, now = pyotp.TOTP(_text(seed)), int(at.timestamp()) // PERIOD
    fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(app.generate_otp(step), code)]
    return fits[-1] if fits else None


def address(seed: bytes, *, username: str, school: str) -> str:
    """What the QR code says (otpauth://)."""
    issuer = school.replace(":", " ")  # a colon would end it
    return pyotp.TOTP(_text(seed)).provisioning_uri(name=username, issuer_name=issuer)


def written(seed: bytes) -> str:
    """The seed for typing, in groups of four."""
    text = _text(seed)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _text(seed: bytes) -> str:
    return base64.b32encode(seed).decode()
