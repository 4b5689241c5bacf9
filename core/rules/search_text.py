"""Text folded for searching and sorting: no case, no accents, Greek with or without tonos."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ALONE = str.maketrans(
    {"ß": "ss", "ς": "σ", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"}
)
_NO_LETTER = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of letters: databases refuse them


def legible(text: str) -> str:
    """The text without what is no letter in any database; the same object where nothing is."""
    return _NO_LETTER.sub("", text) if _NO_LETTER.search(text) else text


def fold(text: str) -> str:
    """How `text` is compared: casefolded, freed of accents, white space collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(" ".join(map(_fold_word, text.split())).split())


@lru_cache(maxsize=20_000)
def _fold_word(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_ALONE)
