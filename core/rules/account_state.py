"""The one state of an account, derived from dated facts. `tables.account_state` says the same in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

UNDELIVERABLE = frozenset({"bounced", "blocked", "bad_address"})


class AccountState(StrEnum):
    """In the order in which they are asked: the first that holds is the state."""

    DEACTIVATED = "deactivated"
    LOCKED = "locked"
    PENDING_PROVIDER = "pending_provider"
    SIGNED_IN = "signed_in"
    VERIFIED = "verified"
    BOUNCED = "bounced"
    LINK_EXPIRED = "link_expired"
    INVITED = "invited"
    READY = "ready"
    NOT_REACHABLE = "not_reachable"
    NO_ACCOUNT = "no_account"


# Nobody in these states can be written to; nobody in those was ever invited, or has ever signed in.
NEVER_WRITTEN_TO = frozenset({"deactivated", "signed_in", "not_reachable", "no_account"})
NEVER_INVITED = frozenset({"ready", "not_reachable", "no_account"})
NEVER_SIGNED_IN = frozenset({"verified", "bounced", "link_expired", "invited", "ready", "not_reachable", "no_account"})


@dataclass(frozen=True)
class AccountFacts:
    """What the state depends on; the fields mean what they mean in models.Account."""

    deactivated_at: datetime | None = None
    suspended_at: datetime | None = None
    pending_provider_at: datetime | None = None
    first_sign_in_at: datetime | None = None
    verified_at: datetime | None = None
    delivery: str | None = None
    delivery_reason: str | None = None
    invited_at: datetime | None = None
    invitation_ends_at: datetime | None = None
    reachable: bool = False


def account_state(facts: AccountFacts | None, *, now: datetime) -> AccountState:
    """The state at `now`; None means a person without an account."""
    if facts is None:
        return AccountState.NO_ACCOUNT
    ended = facts.invitation_ends_at is not None and facts.invitation_ends_at <= now
    questions = (
        (facts.deactivated_at is not None, AccountState.DEACTIVATED),
        (facts.suspended_at is not None, AccountState.LOCKED),
        (facts.pending_provider_at is not None, AccountState.PENDING_PROVIDER),
        (facts.first_sign_in_at is not None, AccountState.SIGNED_IN),
        (facts.verified_at is not None, AccountState.VERIFIED),
        (facts.delivery == "failed" and facts.delivery_reason in UNDELIVERABLE, AccountState.BOUNCED),
        (facts.invited_at is not None and ended, AccountState.LINK_EXPIRED),
        (facts.invited_at is not None, AccountState.INVITED),
        (facts.reachable, AccountState.READY),
    )
    return next((state for holds, state in questions if holds), AccountState.NOT_REACHABLE)
