"""Which passwords people may choose, and how strong one is (R01-R04)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.rules.search_text import fold

LONGEST = 256
# zxcvbn's time grows with the square of the length, with Python's lock held: of 72 signs that may each stand for
# several letters (4@8({[<369!1|7), which anybody may send, the whole process stood still for 0.7 s.
_LOOKED_AT = 40
_ENOUGH_GUESSES = 8  # a hundred million, as a power of ten: every list of leaked passwords has what takes fewer


class Objection(StrEnum):
    """Why a password will not do."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    ABOUT_YOU = "about_you"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Opinion:
    """`strength` from 0 to 4; no objections means it may be used."""

    objections: tuple[Objection, ...]
    strength: int

    @property
    def accepted(self) -> bool:
        return not self.objections


def judge(password: str, *, shortest: int, about: Iterable[str] = ()) -> Opinion:
    """Look at a password as it was typed: never trimmed, cut or folded; characters are code points.

    `about` are words that somebody who knows the person would try: names, username, school.
    """
    from zxcvbn_rs_py import zxcvbn  # loaded where one is chosen: makers of files start 0.02 s sooner without

    if len(password) > LONGEST:
        return Opinion((Objection.TOO_LONG,), 0)
    words = [part for word in about for part in fold(word).split() if len(part) > 2]
    found = zxcvbn(_looked_at(password), user_inputs=words)
    objections = [Objection.TOO_SHORT] if len(password) < shortest else []
    if len(set(password)) < 4:
        objections.append(Objection.REPEATED)
    elif _is_about(fold(password), words):
        objections.append(Objection.ABOUT_YOU)
    elif found.guesses_log10 < _ENOUGH_GUESSES:
        objections.append(Objection.COMMON)
    return Opinion(tuple(objections), 0 if objections else int(found.score))


def _looked_at(password: str) -> str:
    """What zxcvbn takes: no halves of characters, as no browser sends them."""
    whole = password.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", whole)[:_LOOKED_AT] or " "


def _is_about(password: str, words: list[str]) -> bool:
    """Whether little stays when what others know is taken out."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != password and sum(letter.isalnum() for letter in rest) < 8
