"""How a school makes usernames: tokens for names, code and year, letters as they are, and an ending."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from core.errors import InputProblem
from core.rules import usernames

DEFAULT = "FirstName(1)LastName"
TOKENS = {"firstname": "FirstName", "lastname": "LastName", "code": "Code", "year": "Year"}
_TOKEN = re.compile(r"(firstname|lastname|code|year)(?:\(\s*(\d{1,3})\s*\))?", re.IGNORECASE)
_LITERAL = re.compile(r"[A-Za-z0-9._-]")
_SUFFIX = re.compile(r"@?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[._-][a-z0-9]+")
_ALIKE = 0.75


@dataclass(frozen=True)
class Part:
    """A token with the number of characters it takes (0: all), or, with no token, letters as they are."""

    stands_for: str = ""
    take: int = 0
    letters: str = ""


@dataclass(frozen=True)
class Pattern:
    """A pattern that has been read. `year` is the year in which the current academic period began."""

    parts: tuple[Part, ...]
    suffix: str = ""
    year: int = 0

    @property
    def has_both_names(self) -> bool:
        return {"firstname", "lastname"} <= {part.stands_for for part in self.parts}

    @property
    def has_code(self) -> bool:
        return any(part.stands_for == "code" for part in self.parts)


def read(text: str, *, suffix: str = "", year: int = 0) -> Pattern:
    """The pattern of a text like FirstName(1)LastName; refuses with the place of the fault."""
    written = text.strip()
    parts: list[Part] = []
    at = 0
    while at < len(written):
        found = _TOKEN.match(written, at)
        if found:
            parts.append(_token(found))
            at = found.end()
            continue
        if not _LITERAL.match(written, at):
            raise _fault(written, at)
        parts.append(Part(letters=written[at].lower()))
        at += 1
    _check_whole(written, parts)
    return Pattern(tuple(_joined(parts)), ending(suffix), year)


def ending(text: str) -> str:
    """What stands after every username, for instance @pupils.school.example; or nothing."""
    suffix = text.strip().lower()
    if suffix and (len(suffix) > 60 or ".." in suffix or not _SUFFIX.fullmatch(suffix)):
        raise InputProblem(
            "This ending cannot stand after a username.",
            field="username_suffix",
            hint="Write it like @pupils.school.example or .gr, in Latin letters, or leave it empty.",
        )
    return suffix


def stem(pattern: Pattern, *, first_name: str, last_name: str, code: str) -> str:
    """The username before anybody else has it, without its ending.

    Whoever has only one of two names gets that one in full; the code stands where no letter of a name is left.
    """
    values = {
        "firstname": usernames.latin(first_name),
        "lastname": usernames.latin(last_name),
        "code": usernames.latin_code(code) if pattern.has_code else "",
        "year": f"{pattern.year:04}",
    }
    in_full = pattern.has_both_names and not (values["firstname"] and values["lastname"])
    pieces, says_who = [], False
    for part in pattern.parts:
        piece = _piece(part, values, in_full=in_full)
        says_who = says_who or bool(piece and part.stands_for in ("firstname", "lastname", "code"))
        pieces.append(piece)
    if not says_who:
        return usernames.latin_code(code)[: usernames.LONGEST] or "user"
    return _tidy("".join(pieces))[: usernames.LONGEST].rstrip("._-")


def _piece(part: Part, values: dict[str, str], *, in_full: bool) -> str:
    if not part.stands_for:
        return part.letters
    value = values[part.stands_for]
    if part.stands_for == "year":
        return value[-part.take :] if part.take else value
    return value if not part.take or (in_full and part.stands_for != "code") else value[: part.take]


def _tidy(name: str) -> str:
    """No dot or dash is left over beside a name that is missing."""
    return re.sub(r"([._-])[._-]+", r"\1", name).strip("._-")


def _token(found: re.Match[str]) -> Part:
    word, take = found[1].lower(), int(found[2] or 0)
    if found[2] is not None and not 1 <= take <= usernames.LONGEST:
        raise InputProblem(
            f"{found[0]} asks for {take} characters.",
            field="username_pattern",
            hint=f"Write a number from 1 to {usernames.LONGEST} in the brackets, or no brackets for all of it.",
        )
    if word == "year" and take not in (0, 2, 4):
        raise InputProblem(
            f"{found[0]} is no way to write a year.",
            field="username_pattern",
            hint="Write Year for four digits, Year(2) for two.",
        )
    return Part(stands_for=word, take=take)


def _fault(text: str, at: int) -> InputProblem:
    begun = re.search(r"[A-Za-z]+$", text[:at])
    if text[at] == "(" and begun:
        return _unknown(begun[0], begun.start())
    return InputProblem(
        f"“{text[at]}”, character {at + 1}, cannot stand in a username.",
        field="username_pattern",
        hint="Between the tokens write Latin letters, digits, dots, dashes and underscores.",
    )


def _unknown(word: str, at: int) -> InputProblem:
    return InputProblem(
        f"“{word}”, from character {at + 1}, is no token.",
        field="username_pattern",
        hint=f"The tokens are {', '.join(TOKENS.values())}, each with a number in brackets if it shall be shorter.",
    )


def _check_whole(text: str, parts: list[Part]) -> None:
    """What can only be said of the whole: it tells people apart, and nothing in it is a token with a slip."""
    if not 1 <= len(text) <= 100:
        raise InputProblem(
            "The pattern has 1 to 100 characters.", field="username_pattern", hint=f"For instance: {DEFAULT}"
        )
    for word in re.finditer(r"[A-Za-z]+", _TOKEN.sub(lambda found: " " * len(found[0]), text)):
        if difflib.get_close_matches(word[0].lower(), list(TOKENS), n=1, cutoff=_ALIKE):
            raise _unknown(word[0], word.start())
    if not {part.stands_for for part in parts} & {"firstname", "lastname", "code"}:
        raise InputProblem(
            "Everybody would get the same username.",
            field="username_pattern",
            hint="Use at least one of FirstName, LastName and Code.",
        )
    if text[0] in "._-" or text[-1] in "._-":
        place = 1 if text[0] in "._-" else len(text)
        raise InputProblem(
            f"“{text[place - 1]}”, character {place}, stands at an end.",
            field="username_pattern",
            hint="A username begins and ends with a letter or digit.",
        )


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbouring letters as one part."""
    joined: list[Part] = []
    for part in parts:
        if not part.stands_for and joined and not joined[-1].stands_for:
            joined[-1] = Part(letters=joined[-1].letters + part.letters)
        else:
            joined.append(part)
    return joined
