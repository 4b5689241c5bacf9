"""Everybody in one order of a list, and the few whose place may be another since it was read.

Where those are among the rows of a page, SQL puts them in order with the rows around: nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlmodel import Session

from core.tables.filters import Page
from core.tables.narrowing import Few
from core.tables.roll.facts import Ids
from core.tables.roll.people import Truths

LATE_AT_MOST = 500


@dataclass(frozen=True, eq=False)  # there is one of each list
class Listed:
    """A list whose orders are held. `in_order`: the persons of all its rows in the order of a page, or some of them.

    `of_people`: orders that no change of an account alone can move. `untold`: those that look at more than the roll.
    """

    name: str
    in_order: Callable[[Session, Page, Few | None], Sequence[int]]
    of_people: Collection[str]
    untold: Collection[str] = ()


@dataclass(frozen=True)
class Key:
    """Which order of which list."""

    listed: Listed
    sort: str
    descending: bool

    def page(self, size: int) -> Page:
        return Page(sort=self.sort, descending=self.descending, size=size)


@dataclass
class Moved:
    """Who may have another place by now."""

    ids: set[int] = field(default_factory=set)

    def note(self, key: Key, people: Collection[int], accounts: Collection[int]) -> None:
        self.ids.update(people)
        if key.sort not in key.listed.of_people:
            self.ids.update(accounts)


@dataclass(frozen=True)
class Order:
    """The persons of all rows in their order as it was read."""

    ids: Ids
    moved: Moved

    def page(self, matching: Truths, page: Page, sort: Callable[[Ids], Ids]) -> Ids:
        """Those of a page among the matching, and those ahead. `sort` puts some of them in order.

        Up to as many rows as were moved may stand before the page, or not any more: so many more are put in order.
        """
        moved = np.fromiter(self.moved.ids, np.int32, len(self.moved.ids))
        late = moved[matching[moved]]
        size = page.size + page.ahead
        settled = matching.copy()
        settled[moved] = False
        rows = self.ids[settled[self.ids]]
        if not late.size:
            return rows[page.offset :][:size]
        begin = max(0, page.offset - late.size)
        around = rows[begin : page.offset + size]
        return sort(np.concatenate([around, late]))[page.offset - begin :][:size]
