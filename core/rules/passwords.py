"""Which passwords people may choose, and how strong one is (R01-R04)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.rules.search_text import fold

LONGEST = 256
_LOOKED_AT = 72  # zxcvbn's time grows with the square of the length


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
    from zxcvbn import zxcvbn  # loaded where one is chosen: commands and the makers of files start 0.1 s sooner without

    if len(password) > LONGEST:
        return Opinion((Objection.TOO_LONG,), 0)
    words = [part for word in about for part in fold(word).split() if len(part) > 2]
    found = zxcvbn(
        unicodedata.normalize("NFKC", password)[:_LOOKED_AT] or " ", user_inputs=words, max_length=_LOOKED_AT
    )
    objections = [Objection.TOO_SHORT] if len(password) < shortest else []
    if len(set(password)) < 4:
        objections.append(Objection.REPEATED)
    elif _is_about(fold(password), words):
        objections.append(Objection.ABOUT_YOU)
    elif found["guesses_log10"] < 8:  # fewer than a hundred million guesses: every list of leaked passwords has it
        objections.append(Objection.COMMON)
    return Opinion(tuple(objections), 0 if objections else int(found["score"]))


def _is_about(password: str, words: list[str]) -> bool:
    """Whether little stays when what others know is taken out."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != password and sum(letter.isalnum() for letter in rest) < 8
