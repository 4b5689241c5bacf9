"""Text folded for searching and sorting: no case, no accents, Greek with or without tonos."""

from __future__ import annotations

import unicodedata

_ALONE = str.maketrans(
    {"ß": "ss", "ς": "σ", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"}
)


def fold(text: str) -> str:
    """How `text` is compared: casefolded, freed of accents, white space collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.translate(_ALONE).split())
