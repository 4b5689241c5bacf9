"""Text as it may stand in a document: accents composed, nothing invisible in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# A private-use character that stands between cells while a whole column is encoded; clean() takes it out of the data.
SEPARATOR = "\uf8ff"

# Where a glyph's place or form depends on its neighbours: combining marks, the scripts from Hebrew to Myanmar, Khmer,
# and their presentation forms.
_NEEDS_SHAPING = re.compile(
    "[\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufb1d-\ufdff\ufe20-\ufe2f"
    "\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def clean(text: str) -> str:
    """Compose accents (NFC); drop control, bidi and zero-width characters; make every white space one space."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return composed
    return "".join(c for c in (" " if c.isspace() else c for c in composed) if c.isprintable()).strip()


def clean_all(texts: Sequence[str]) -> list[str]:
    """clean() for many; costs next to nothing where nothing is to be cleaned."""
    together = "".join(texts)
    if together.isprintable() and (together.isascii() or unicodedata.is_normalized("NFC", together)):
        return list(texts)
    return [clean(text) for text in texts]


def needs_shaping(text: str) -> bool:
    """Whether the glyphs depend on one another, or run from right to left."""
    return not text.isascii() and _NEEDS_SHAPING.search(text) is not None


def places_to_shape(text: str) -> list[int]:
    """Where the characters stand that need shaping."""
    return [] if text.isascii() else [found.start() for found in _NEEDS_SHAPING.finditer(text)]
