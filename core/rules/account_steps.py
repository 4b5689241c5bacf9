"""How far an account has come on its way to the first sign-in. `tables.account_steps` says the same in SQL."""

from __future__ import annotations

from enum import StrEnum

from core.rules.account_state import AccountFacts

LOST = frozenset({"failed", "unknown"})  # deliveries of which nobody knows that they arrived


class Step(StrEnum):
    """In the order in which they come. Whoever has come to one has come to all before it."""

    CREATED = "created"
    INVITED = "invited"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    SIGNED_IN = "signed_in"


def latest(facts: AccountFacts) -> Step:
    """The last step the account has come to, whatever has stopped it since."""
    if facts.first_sign_in_at is not None:
        return Step.SIGNED_IN
    if facts.verified_at is not None:
        return Step.VERIFIED
    if facts.invited_at is None:
        return Step.CREATED
    return Step.INVITED if facts.delivery in LOST else Step.DELIVERED
