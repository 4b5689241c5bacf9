"""The four numbers that a coordinator looks at first, each the accounts in some states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.rules.account_state import AccountState

COMPARED_WITH = timedelta(days=7)


class Headline(StrEnum):
    """In the order in which they are shown."""

    WORKING = "working"
    WAITING = "waiting"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@dataclass(frozen=True)
class HeadlineWords:
    """What a number is called, what it counts, and whether more of it is better."""

    label: str
    meaning: str
    more_is_better: bool = False


STATES: dict[Headline, tuple[AccountState, ...]] = {
    Headline.WORKING: (AccountState.SIGNED_IN, AccountState.VERIFIED),
    Headline.WAITING: (AccountState.INVITED, AccountState.LINK_EXPIRED),
    Headline.UNREACHABLE: (AccountState.NOT_REACHABLE,),
    Headline.FAILED: (AccountState.BOUNCED,),
}
WORDS: dict[Headline, HeadlineWords] = {
    Headline.WORKING: HeadlineWords("Working access", "Verified or signed in, and not switched off.", True),
    Headline.WAITING: HeadlineWords("Invited, not in yet", "Got an invitation and did not use it so far."),
    Headline.UNREACHABLE: HeadlineWords("Not reachable", "Have an account, and no usable e-mail or mobile."),
    Headline.FAILED: HeadlineWords("Failed", "The last message could not be delivered."),
}
