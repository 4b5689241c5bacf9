"""Where each id stands in a column of ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.tables.packed import Numbers


class Places:
    """The places in `ids`, of which no two are the same; with `holds` only those where it does."""

    def __init__(self, ids: Numbers, holds: Any = None) -> None:
        self._rows = np.arange(len(ids)) if holds is None else np.flatnonzero(holds)
        order = np.argsort(ids[self._rows], kind="stable")
        self._rows = self._rows[order]
        self._ids = ids[self._rows]

    def of(self, wanted: Numbers) -> tuple[Numbers, Any]:
        """The places of those who are there, and which of `wanted` they are."""
        found = np.searchsorted(self._ids, wanted)
        kept = found < len(self._ids)
        kept[kept] = self._ids[found[kept]] == wanted[kept]
        return self._rows[found[kept]], kept
