"""Everybody in one order of a list, and the few whose place may be another since it was read.

Where those are among the rows of a page, SQL puts them in order with the rows around: nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field, replace

import numpy as np

from core.tables.filters import Page
from core.tables.roll.facts import Ids
from core.tables.roll.people import Truths

LATE_AT_MOST = 500


@dataclass(frozen=True)
class Order:
    """The persons of all rows in their order as it was read, and those whose place may be another by now."""

    ids: Ids
    moved: Ids = field(default_factory=lambda: np.zeros(0, np.int32))

    def without(self, moved: Set[int]) -> Order:
        """The same, with more of them."""
        return replace(self, moved=np.union1d(self.moved, np.fromiter(moved, np.int32, len(moved)))) if moved else self

    def page(self, matching: Truths, page: Page, sort: Callable[[Ids], Ids]) -> Ids:
        """Those of a page among the matching. `sort` puts some of them in order.

        Up to as many rows as were moved may stand before the page, or not any more: so many more are put in order.
        """
        moved = self.moved[self.moved < len(matching)]
        late = moved[matching[moved]]
        settled = matching
        if late.size:
            settled = matching.copy()
            settled[late] = False
        rows = self.ids[settled.take(self.ids, mode="clip")]
        if not late.size:
            return rows[page.offset :][: page.size]
        begin = max(0, page.offset - late.size)
        around = rows[begin : page.offset + page.size]
        return sort(np.concatenate([around, late]))[page.offset - begin :][: page.size]
