"""A list and its orders, as the roll knows them. Lists import this: it loads nothing that takes time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass

from sqlmodel import Session

from core.permissions import Actor
from core.tables.filters import Page
from core.tables.narrowing import Few


@dataclass(frozen=True, eq=False)  # there is one of each list
class Listed:
    """A list whose orders are held. `in_order`: the persons of all its rows in the order of a page, or some of them.

    `of_people`: orders that no change of an account alone can move. `of_accounts`: those that one can. Others look at
    what no change of a person tells. `as_seen`: those of all these that another scope puts in another order.
    """

    in_order: Callable[[Session, Page, Few | None], Sequence[int]]
    of_people: Collection[str]
    of_accounts: Collection[str]
    as_seen: Collection[str] = ()


@dataclass(frozen=True)
class Key:
    """Which order of which list."""

    listed: Listed
    sort: str
    descending: bool

    def is_told_to(self, actor: Actor) -> bool:
        """Whether the list has this order, the roll can follow it, and it is that of whom the actor sees."""
        is_followed = self.sort in self.listed.of_people or self.sort in self.listed.of_accounts
        return is_followed and (actor.scope.everybody or self.sort not in self.listed.as_seen)

    def page(self, size: int) -> Page:
        return Page(sort=self.sort, descending=self.descending, size=size)

    def moved(self, people: Set[int], accounts: Set[int]) -> Set[int]:
        """Of those of whom anything, or only the account, is another: who may have another place."""
        return people if self.sort in self.listed.of_people else people | accounts
