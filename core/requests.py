"""Which click or call something belongs to: a name that its entries of the audit share (R96)."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request", default="")


def begin() -> None:
    """A new request of a browser, run of a page, or command begins here."""
    _current.set(secrets.token_hex(6))


def current() -> str:
    """Its name; empty where nobody asked, as in the engine."""
    return _current.get()
