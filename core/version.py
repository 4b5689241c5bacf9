"""The versions of this program and of its tables, from the changelog and the migrations: no second place to keep."""

from __future__ import annotations

import re
from functools import lru_cache

from core.config import ROOT


@lru_cache
def program() -> str:
    """Such as 0.6.0."""
    found = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


@lru_cache
def table_steps() -> tuple[str, ...]:
    """The versions of the tables, oldest first; the last is the one that this program wants."""
    folder = ROOT / "data" / "migrations" / "versions"
    return tuple(sorted(path.name.split("_")[0] for path in folder.glob("[0-9]*.py")))
