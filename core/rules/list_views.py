"""The views that stand above each list: questions that are asked every day, as filters under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InputProblem
from core.rules.account_state import AccountState

LONGEST_NAME, MOST_VIEWS = 40, 30


@dataclass(frozen=True)
class ListView:
    """A filter under a name. `filter` is as filters are stored; `own_id` names one that an account has saved."""

    name: str
    filter: Mapping[str, object]
    meaning: str = ""
    own_id: int | None = None

    @property
    def key(self) -> str:
        """What it is called between page and browser."""
        return self.name if self.own_id is None else f"own.{self.own_id}"


def _of(state: AccountState, name: str, meaning: str) -> ListView:
    return ListView(name, {"states": [state.value]}, meaning)


NO_CONTACT = _of(AccountState.NOT_REACHABLE, "No reachable contact", "Has an account, and no usable address.")
BUILT_IN = (
    _of(AccountState.READY, "Not invited yet", "Can be invited, and was not."),
    _of(AccountState.INVITED, "Invited, not verified", "Has a live invitation, and did not use it."),
    _of(AccountState.VERIFIED, "Verified, never signed in", "Has chosen a password, and never came."),
    _of(AccountState.BOUNCED, "Bounced", "The last message did not arrive."),
    NO_CONTACT,
    _of(AccountState.LINK_EXPIRED, "Link expired", "The last invitation ended unused."),
    _of(AccountState.PENDING_PROVIDER, "Pending provider", "Microsoft has still to create or update the account."),
    _of(AccountState.DEACTIVATED, "Deactivated", "Switched off by staff."),
)


def name(typed: str, taken: set[str]) -> str:
    """The name of an own view as it is stored. Refuses an empty one, a long one, and one that stands there already."""
    written = " ".join(typed.split())
    if not written:
        raise InputProblem("The view has no name.", field="name", hint="Type a name for it.")
    if len(written) > LONGEST_NAME or not written.isprintable():
        raise InputProblem("This name is too long.", field="name", hint=f"Use at most {LONGEST_NAME} letters.")
    if written.casefold() in {other.casefold() for other in (*taken, *(view.name for view in BUILT_IN))}:
        raise InputProblem("There is a view of this name already.", field="name", hint="Choose another name.")
    return written
