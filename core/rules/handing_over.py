"""Initial passwords that staff hand over: who gets one, who does not and why, and how long it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TYPED_COUNT_ABOVE = 1000


class NoPassword(StrEnum):
    """Why an account gets no initial password; the first that holds is told."""

    DEACTIVATED = "deactivated"
    MICROSOFT = "microsoft"
    HAS_CHOSEN = "has_chosen"
    STATUS = "status"
    STAFF = "staff"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True)
class Check:
    """What issuing would do: how many get one, how many live ones die, who is left out and why.

    `names`: the first of each reason. `links` are the live links of those who get one: a password handed over ends none
    of them.
    """

    receive: int
    replaced: int
    links: int
    left_out: dict[NoPassword, int]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def typed_count_wanted(self) -> bool:
        return self.receive > TYPED_COUNT_ABOVE


class SlipSecret(StrEnum):
    """What a slip says about the way in."""

    PASSWORD = "password"  # noqa: S105  (a word, not a password)
    LINK = "link"
    CHOSEN = "chosen"
    MICROSOFT = "microsoft"
    MICROSOFT_PASSWORD = "microsoft_password"  # noqa: S105
    NONE = "none"
    NO_LINK = "no_link"
    STAFF = "staff"
