"""Words that end text messages, and words that let them begin again."""

from __future__ import annotations

import pytest

from core.rules import texted_answers
from core.rules.texted_answers import Wish


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        *(
            (word, Wish.STOP)
            for word in ("STOP", "StopAll", "unsubscribe", "Cancel", "END", " quit\n", "revoke", "OptOut")
        ),
        *((word, Wish.START) for word in ("START", "yes", "Unstop ")),
        *((word, None) for word in ("", "STOP please", "please stop", "HELP", "stop.", "no", "ΣΤΟΠ")),
    ],
)
def test_r88_only_a_text_that_is_nothing_but_the_word_counts(body: str, wanted: Wish | None) -> None:
    assert texted_answers.wish(body) is wanted


def test_r88_the_schools_own_words_at_twilio_count_as_twilio_took_them() -> None:
    assert texted_answers.wish("ΣΤΟΠ", heard_as="STOP") is Wish.STOP
    assert texted_answers.wish("ναι", heard_as="START") is Wish.START
    assert texted_answers.wish("stop", heard_as="HELP") is None
