"""The version of this program: the newest that the changelog describes, and no second place to keep in step."""

from __future__ import annotations

import re
from functools import lru_cache

from core.config import ROOT


@lru_cache
def program() -> str:
    """Such as 0.6.0."""
    found = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"
