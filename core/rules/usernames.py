"""Usernames: how they are compared, names in Latin letters, a number where one is taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import MutableMapping
from functools import lru_cache

from core.rules.search_text import fold

LONGEST = 40
_VOICED_AFTER = "αβγδεζηιλμνορυω"
# Two vowels that are no pair: dots over the second, or the accent on the first (ELOT 743).
_APART = re.compile("(?<=[αεηοάέήό])(?=[ϊϋΐΰ])|(?<=[άέήό])(?=[ιυ])")
_PAIRS = {"ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch"}
_GREEK = "α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s τ:t υ:y φ:f χ:ch ψ:ps ω:o"
_CYRILLIC = (
    "а:a б:b в:v г:g д:d е:e ж:zh з:z и:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch "
    "ы:y э:e ю:yu я:ya і:i є:ye ґ:g ђ:dj ј:j љ:lj њ:nj ћ:c џ:dz"
)
_LETTERS = dict(letter.split(":") for letter in f"{_GREEK} {_CYRILLIC}".split())


def key(username: str) -> str:
    """How usernames are compared: without case, in one spelling of each letter."""
    return unicodedata.normalize("NFKC", username).casefold().strip()


def next_free(wanted: str, taken: MutableMapping[str, int], *, suffix: str = "") -> str:
    """`wanted`, or with the first number that is free, before the suffix; it is taken from now on.

    `taken` maps what is taken to the last number tried, so that the thousandth of a name is as quick as the second.
    """
    plain = f"{wanted}{suffix}"
    if plain not in taken:
        taken[plain] = 1
        return plain
    number = taken[plain] + 1
    while (numbered := f"{wanted}{number}{suffix}") in taken:
        number += 1
    taken[plain] = number
    taken[numbered] = 1
    return numbered


@lru_cache(maxsize=20_000)  # names repeat
def latin(name: str) -> str:
    """A name in the letters a to z: Greek after ELOT 743, Cyrillic letter by letter, others without accents."""
    return re.sub(r"[^a-z]", "", "".join(_letters(fold(_APART.sub("-", _composed(name))))))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name.lower())


def latin_code(code: str) -> str:
    """A code in the letters a to z and digits."""
    return re.sub(r"[^a-z0-9]", "", "".join(_letters(fold(code))))


def _letters(text: str) -> list[str]:
    written, at = [], 0
    while at < len(text):
        pair, before, after = text[at : at + 2], text[at - 1 : at], text[at + 2 : at + 3]
        if pair in _PAIRS:
            written.append(_PAIRS[pair])
        elif pair in ("αυ", "ευ", "ηυ"):
            written.append(_LETTERS[pair[0]] + ("v" if after and after in _VOICED_AFTER else "f"))
        elif pair == "μπ":
            written.append("mp" if before.isalpha() and after.isalpha() else "b")
        else:
            written.append(_LETTERS.get(text[at], text[at]))
            at -= 1
        at += 2
    return written
