"""Which click, call or run something belongs to: a name that its entries of the audit and lines of the log share (R96).

Where a campaign is sent, its number stands beside it, and of what somebody asked through a browser the place.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request", default="")
_place: ContextVar[str] = ContextVar("place", default="")
_campaign: ContextVar[int | None] = ContextVar("campaign", default=None)


def begin(place: str = "") -> None:
    """A new request of a browser, run of a page, or command begins here. `place`: its path, without secrets."""
    _current.set(secrets.token_hex(6))
    _place.set(place)


def current() -> str:
    """Its name; empty in what belongs to none, such as a thread that only looks around."""
    return _current.get()


def place() -> str:
    """The page or address that was asked for; empty where no browser asked."""
    return _place.get()


@contextmanager
def for_run(name: str = "") -> Iterator[None]:
    """What happens inside belongs to work that no request waits for. A name of its own where none is given."""
    before = _current.set(name or secrets.token_hex(6))
    try:
        yield
    finally:
        _current.reset(before)


@contextmanager
def for_campaign(campaign_id: int) -> Iterator[None]:
    """What happens inside is done for this campaign."""
    before = _campaign.set(campaign_id)
    try:
        yield
    finally:
        _campaign.reset(before)


def campaign() -> int | None:
    """The campaign for which it is done, where it is for one."""
    return _campaign.get()
