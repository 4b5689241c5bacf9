"""How long a text message is, told to whoever writes it."""

from __future__ import annotations

import pytest

from pages.shared import sms_size


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Hello", "5 of 160 characters · 1 segment · GSM-7"),
        ("a" * 161, "161 of 306 characters · 2 segments · GSM-7"),
        (
            "Don’t",
            "5 of 70 characters · 1 segment · UCS-2. A segment would hold 160 characters, not 70, with `'` for `’`.",
        ),
        ("a\u00a0b", "with a space for a special space."),
        ("Καλημέρα σας", "UCS-2. Letters like `Κ` `α` `λ` `η` leave room for 70 characters in a segment, not 160."),
        ("Ναι – ’", "Letters like `Ν` `α` `ι` leave room"),
        (
            "[5 €]",
            "8 of 160 characters · 1 segment · GSM-7. `[` `€` `]` count twice; cheaper: `(` for `[`, `)` for `]`.",
        ),
        ("5 €", "4 of 160 characters · 1 segment · GSM-7. `€` count twice."),
    ],
)
def test_it_tells_the_length_and_what_makes_it_dear(text: str, says: str) -> None:
    assert says in sms_size.words(text)
