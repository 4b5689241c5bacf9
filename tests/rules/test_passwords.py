"""Which passwords may be chosen, and why others may not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from core.rules import password_hash, passwords
from core.rules.passwords import Objection

ABOUT = ("Zoë", "Papadopoúlou", "zpapadopoulou", "Athena School")
LETTERS_OR_SIGNS = "4@8({[<369!1|70$5+%2"  # each may stand for several letters
GOOD = "violet kettle over the harbour"


def _objections(password: str, *, shortest: int = 15) -> tuple[Objection, ...]:
    return passwords.judge(password, shortest=shortest, about=ABOUT).objections


@pytest.mark.parametrize(
    ("password", "shortest", "objection"),
    [
        ("plum tram hat f", 15, None),
        ("plum tram hat ", 15, Objection.TOO_SHORT),
        (" plum tram hat", 15, Objection.TOO_SHORT),
        ("plum tram hat  ", 15, None),
        ("🍇🚂🎩🐙🌋🧊🛶🪁🥨🦔🎈🧭🪴🦚🫖", 15, None),
        ("🍇🚂🎩🐙🌋🧊🛶🪁🥨🦔🎈🧭🪴🦚", 15, Objection.TOO_SHORT),
        ("alllowercaseislovely", 15, None),
        ("θάλασσα πορτοκάλι ταβάνι", 15, None),
        (GOOD * 8 + "!" * 16, 15, None),
        ("x" * 257, 15, Objection.TOO_LONG),
        ("aaaaaaaaaaaaaaaaaaaa", 15, Objection.REPEATED),
        ("ababababababababab", 15, Objection.REPEATED),
        ("password12345678", 15, Objection.COMMON),
        ("qwertyuiopasdfgh", 15, Objection.COMMON),
        ("1234567890123456", 15, Objection.COMMON),
        ("zoepapadopoulou1", 15, Objection.ABOUT_YOU),
        ("ZOË-papadopoulou-24", 15, Objection.ABOUT_YOU),
        ("athena school 2026", 15, Objection.ABOUT_YOU),
        ("loopuodapapz9 violet kettle", 15, None),
        ("tr0mb0ne", 8, Objection.COMMON),
    ],
)
def test_r01_to_r04_what_is_refused_has_a_reason(password: str, shortest: int, objection: Objection | None) -> None:
    assert next(iter(_objections(password, shortest=shortest)), None) == objection


def test_of_a_long_password_the_beginning_is_judged_so_that_nobody_makes_the_judge_think_for_long() -> None:
    assert _objections("password" * 5 + GOOD) == (Objection.COMMON,)
    assert _objections(GOOD + "password" * 5) == ()
    assert _objections(LETTERS_OR_SIGNS * 12) == ()


def test_halves_of_characters_are_judged_like_any_other_text() -> None:
    assert _objections("\ud83c violet kettle harbour") == ()


def test_r04_the_three_thousand_most_used_passwords_are_all_refused() -> None:
    for password in FREQUENCY_LISTS["passwords"][:3000]:
        assert _objections(password, shortest=8), password
        assert _objections(password, shortest=15), password


@given(st.text(max_size=300))
def test_any_text_is_judged_and_what_is_accepted_is_long_enough_and_takes_the_hash(password: str) -> None:
    opinion = passwords.judge(password, shortest=15, about=ABOUT)
    assert 0 <= opinion.strength <= 4
    if opinion.accepted:
        assert 15 <= len(password) <= 256


def test_r02_both_ways_of_typing_an_accent_are_one_password() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Zoë και ο γάιδαρος") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert password_hash.fits(password_hash.make(composed), decomposed)
    assert password_hash.fits(password_hash.make(decomposed), composed)


def test_r02_every_character_counts_and_none_is_trimmed() -> None:
    long = (GOOD * 9)[:255]
    stored = password_hash.make(long + "a")
    assert password_hash.fits(stored, long + "a")
    for other in (long + "b", long, long + "a ", " " + long + "a", (long + "a").upper()):
        assert not password_hash.fits(stored, other)


def test_r05_hashes_are_argon2id_with_19_mib_and_never_the_same_twice() -> None:
    one, other = password_hash.make(GOOD), password_hash.make(GOOD)
    assert one.startswith("$argon2id$") and "m=19456,t=2,p=1" in one
    assert one != other
    assert not password_hash.is_outdated(one)


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$broken", "!"])
def test_an_account_without_a_password_is_opened_by_none(stored: str) -> None:
    assert not password_hash.fits(stored, "")
    assert not password_hash.fits(stored, stored)
    assert not password_hash.fits(stored, "nobody has this password")
