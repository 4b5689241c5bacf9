"""Browsers that signed in before: a signed cookie names their accounts, so that strangers cannot lock them out (R09).

It opens nothing: the password is asked for all the same, and a known device that fails too often counts as unknown.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from core import clock, keys
from core.web import cookies

LASTS = timedelta(days=180)
MOST = 5  # a family computer
_PURPOSE = "device"


@dataclass(frozen=True)
class _Mark:
    """One account that signed in here."""

    account_id: int
    device: str
    until: int

    @property
    def claim(self) -> str:
        return f"{self.account_id}.{self.device}.{self.until}"


def known(carried: Mapping[str, str], account_id: int | None) -> str:
    """The name of this device for an account that signed in on it; empty for a stranger's. `carried`: its cookies."""
    return next((mark.device for mark in _marks(carried) if mark.account_id == account_id), "")


def remember(request: Request, response: Response, *, account_id: int) -> None:
    """From now on this browser is known to the account; the ones of before stay known."""
    device = known(request.cookies, account_id) or secrets.token_hex(8)
    mine = _Mark(account_id, device, int((clock.now() + LASTS).timestamp()))
    others = [mark for mark in _marks(request.cookies) if mark.account_id != account_id][: MOST - 1]
    value = "~".join(f"{mark.claim}.{keys.token(_PURPOSE, mark.claim)}" for mark in (mine, *others))
    cookies.put(response, cookies.device_name(), value, seconds=int(LASTS.total_seconds()))


def _marks(carried: Mapping[str, str]) -> list[_Mark]:
    """The genuine ones that have not ended."""
    parts = carried.get(cookies.device_name(), "")[:2000].split("~")[:MOST]
    found = [mark for mark in map(_read, parts) if mark is not None]
    return [mark for mark in found if mark.until > clock.now().timestamp()]


def _read(text: str) -> _Mark | None:
    claim, _, seal = text.rpartition(".")
    if not keys.made(_PURPOSE, claim, seal):
        return None
    account_id, device, until = claim.split(".")
    return _Mark(int(account_id), device, int(until))
