"""How long a text message is, in the words of whoever pays for it."""

from __future__ import annotations

from core.rules import sms_text

SWAPS_AT_MOST, EXAMPLES = 8, 4


def words(text: str) -> str:
    """Characters, segments and encoding of a text, and what makes it dear, as Markdown."""
    measured = sms_text.measure(text)
    parts = "1 segment" if measured.segments == 1 else f"{measured.segments} segments"
    said = f"{measured.units} of {measured.room} characters · {parts} · {measured.encoding}"
    return f"{said}{_costly(measured.costly)}{_doubled(measured.doubled)}"


def _costly(letters: tuple[str, ...]) -> str:
    """A few odd characters are worth replacing; in a Greek text they are the language."""
    if not letters:
        return ""
    if all(map(sms_text.plainer, letters)):
        return f". A segment would hold 160 characters, not 70, with {_swaps(letters)}."
    needed = [letter for letter in letters if not sms_text.plainer(letter)]
    shown = " ".join(map(_seen, needed[:EXAMPLES]))
    return f". Letters like {shown} leave room for 70 characters in a segment, not 160."


def _doubled(letters: tuple[str, ...]) -> str:
    if not letters:
        return ""
    cheaper = tuple(filter(sms_text.plainer, letters))
    said = f". {' '.join(map(_seen, letters))} count twice"
    return f"{said}; cheaper: {_swaps(cheaper)}." if cheaper else f"{said}."


def _swaps(letters: tuple[str, ...]) -> str:
    swaps = (f"{_seen(sms_text.plainer(letter))} for {_seen(letter)}" for letter in letters[:SWAPS_AT_MOST])
    return ", ".join(swaps)


def _seen(letter: str) -> str:
    if letter == " ":
        return "a space"
    if not letter.strip():
        return "a special space"
    return "`` ` ``" if letter == "`" else f"`{letter}`"
