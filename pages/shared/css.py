"""Style that goes to the browser on every run: without the words that are for its readers."""

from __future__ import annotations

import re


def compact(style: str) -> str:
    """The same style without comments and line breaks."""
    return " ".join(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL).split())
