"""What has happened to an account so that it is in a given state: dates that fit together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.models import Superseded
from core.rules.account_state import AccountState as State

LINK_DAYS = 7
NOBODYS_HASH = "!"  # no password has it: somebody chose one, and nobody here can know it
_INVITED = {State.INVITED, State.LINK_EXPIRED, State.BOUNCED, State.VERIFIED, State.SIGNED_IN, State.LOCKED}
_PER_HUNDRED = {
    State.SIGNED_IN: 38,
    State.READY: 16,
    State.INVITED: 16,
    State.NO_ACCOUNT: 8,
    State.LINK_EXPIRED: 7,
    State.VERIFIED: 7,
    State.BOUNCED: 3,
    State.PENDING_PROVIDER: 2,
    State.DEACTIVATED: 2,
    State.LOCKED: 1,
}


def deal(chance: Random) -> Iterator[State]:
    """States in plausible numbers without end; the first ten are one of each, so that small schools have all."""
    yield from _PER_HUNDRED
    deck = [state for state, number in _PER_HUNDRED.items() for _each in range(number)]
    while True:
        chance.shuffle(deck)
        yield from deck


def facts(state: State, chance: Random, *, today: datetime, address: str) -> dict[str, Any]:
    """The columns of Account that put it into `state`; all moments lie before `today`."""
    made: dict[str, Any] = {"created_at": today - timedelta(days=60 + chance.random())}
    if state == State.PENDING_PROVIDER:
        made["pending_provider_at"] = _ago(chance, today, 1, 4)
    if state == State.DEACTIVATED:
        made |= _sent(chance, today, address, 20, 50) | {"deactivated_at": _ago(chance, today, 1, 10)}
    if state in _INVITED:
        made |= _sent(chance, today, address, *_WINDOW.get(state, (12, 50)))
    if state == State.BOUNCED:
        made |= {"delivery": "failed", "delivery_reason": "bounced"}
    if state in (State.VERIFIED, State.SIGNED_IN, State.LOCKED):
        made |= _verified(chance, made["invited_at"]) | {"verified_address": address}
    if state in (State.SIGNED_IN, State.LOCKED):
        made |= _signed_in(chance, made["verified_at"], today)
    if state == State.LOCKED:
        made |= {"suspended_at": _ago(chance, today, 0, 1), "failed_sign_ins": 100}
    return made


def invitation_end(account: dict[str, Any]) -> dict[str, Any]:
    """How the invitation of such an account ended, if it did."""
    if account.get("verified_at"):
        return {"used_at": account["verified_at"]}
    if account.get("deactivated_at"):
        return {"superseded_at": account["deactivated_at"], "superseded_because": Superseded.DEACTIVATED.value}
    return {}


_WINDOW = {State.INVITED: (1, 5), State.LINK_EXPIRED: (9, 50), State.BOUNCED: (2, 30)}


def _ago(chance: Random, today: datetime, least: int, most: int) -> datetime:
    return today - timedelta(seconds=chance.randint(least * 86_400 + 1, most * 86_400))


def _sent(chance: Random, today: datetime, address: str, least: int, most: int) -> dict[str, Any]:
    at = _ago(chance, today, least, most)
    ends = {"invited_at": at, "invitation_ends_at": at + timedelta(days=LINK_DAYS), "times_invited": 1}
    return ends | {"delivery": "sent", "delivery_address": address}


def _verified(chance: Random, invited_at: datetime) -> dict[str, Any]:
    at = invited_at + timedelta(seconds=chance.randint(120, LINK_DAYS * 86_400 - 60))
    return {"verified_at": at, "password_changed_at": at, "password_hash": NOBODYS_HASH}


def _signed_in(chance: Random, verified_at: datetime, today: datetime) -> dict[str, Any]:
    first = verified_at + timedelta(seconds=chance.randint(20, 3 * 86_400))
    last = first + (today - first) * chance.random()
    return {"first_sign_in_at": first, "last_sign_in_at": last, "sign_ins": chance.randint(1, 40)}
