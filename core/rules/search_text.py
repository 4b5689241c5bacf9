"""Text folded for searching and sorting: no case, no accents, Greek with or without tonos; numbers as digits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_ALONE = str.maketrans(
    {"ß": "ss", "ς": "σ", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"}
)
_APOSTROPHES = str.maketrans("", "", "'’‘ʼʻ`´΄′＇")
# A number as people write it: a run of digits with what may stand between them, not a part of a word.
_NUMBER = re.compile(r"(?<!\S)[+(]*\d[\d\s./()‐–-]*\d(?!\S)")
_JOINED, _DIALLED = 5, 7  # digits: below, a run is several short words; from seven on zeros before it are a prefix
_LONGEST_NUMBER = 6
_NO_LETTER = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of letters: databases refuse them


def legible(text: str) -> str:
    """The text without what is no letter in any database; the same object where nothing is."""
    return _NO_LETTER.sub("", text) if _NO_LETTER.search(text) else text


def fold(text: str) -> str:
    """How `text` is compared: casefolded, freed of accents, white space collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(" ".join(map(_fold_word, text.split())).split())


def fold_name(text: str) -> str:
    """The same without apostrophes: O'Brien, O’Brien and Obrien are one name."""
    return fold(text.translate(_APOSTROPHES))


def sort_key(text: str) -> str:
    """How `text` is sorted where numbers count as numbers: 2B before 10A."""
    return re.sub("[0-9]+", lambda number: number.group().zfill(_LONGEST_NUMBER), fold(text))


def digits(number: str) -> str:
    """The digits of a number: without what stands between them, and without the zeros with which it is dialled."""
    dialled = number.replace("(0)", "") if number.lstrip(" (").startswith(("+", "00")) else number
    found = re.sub("[^0-9]", "", dialled)
    shorter = found.lstrip("0")
    return shorter if len(shorter) >= _DIALLED else found


@dataclass(frozen=True)
class Sought:
    """What somebody looks for: the words as typed, for usernames, and the ways in which texts of search may say it.

    Of a person, all words of one of the readings are known.
    """

    typed: tuple[str, ...]
    readings: tuple[tuple[str, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.typed)


def sought(text: str) -> Sought:
    """What is looked for. +30 694 123 4567 may be words or a number; letters that no database holds are none."""
    known = legible(text)
    words = fold_name(known)
    readings = dict.fromkeys(tuple(said.split()) for said in (words, _NUMBER.sub(_as_digits, words)))
    return Sought(tuple(fold(known).split()), tuple(filter(None, readings)))


def phrase(text: str) -> Sought:
    """Just this, with its spaces."""
    return Sought((text,), ((text,),))


def _as_digits(run: re.Match[str]) -> str:
    found = digits(run.group())
    return found if len(found) >= _JOINED or "+" in run.group() else run.group()


@lru_cache(maxsize=20_000)
def _fold_word(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_ALONE)
