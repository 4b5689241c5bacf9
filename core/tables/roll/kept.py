"""Whom a question finds, kept for whoever asks it next; those who have changed since are asked about anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Set
from dataclasses import dataclass, replace

import numpy as np

from core.tables.roll.facts import Ids

MOVED_AT_MOST = 300


@dataclass(frozen=True)
class Kept:
    """Persons, and who of all has changed since they were found."""

    ids: Ids
    moved: frozenset[int] = frozenset()

    @property
    def is_past(self) -> bool:
        """So many have moved that to ask everybody is as quick."""
        return len(self.moved) > min(MOVED_AT_MOST, max(20, len(self.ids) // 80))

    def after(self, people: Set[int]) -> Kept:
        """The same after a change of these."""
        return replace(self, moved=self.moved | people)

    def now(self, among: Callable[[Collection[int]], Ids]) -> Ids:
        """Whom it finds now; `among` tells who of some are among them. Nothing of that is kept: others may see less."""
        if not self.moved:
            return self.ids
        return np.concatenate([np.setdiff1d(self.ids, list(self.moved)), among(self.moved)])
