"""Who is left out, by name: the first few, and how many more."""

from __future__ import annotations

from collections.abc import Sequence

from core.tables.some_names import AT_MOST
from pages.shared import feedback


def some(names: Sequence[str], number: int) -> str:
    """` (Other Otto, Sideris Sam and 190 more)`, as it stands behind a reason; nothing where nobody is known."""
    shown = names[:AT_MOST]
    more = f" and {number - len(shown):,} more" if number > len(shown) else ""
    return f" ({feedback.plain(', '.join(shown))}{more})" if shown else ""
