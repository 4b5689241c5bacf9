"""What a text message costs, held against another implementation and the numbers of the standard."""

from __future__ import annotations

import random

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from core.rules import sms_text
from core.rules.sms_text import BASIC, DOUBLE, Encoding, measure, plainer

# Twelve scripts, and what people really mix into them.
SCRIPTS = {
    "Latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;!?()-/@",
    "Latin with accents": "àèéìòùäöüñÄÖÜÑÅåÆæßÇçêłőšžğıİ",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰΑΒΓΔΘΛΞΠΣΦΨΩ",
    "Cyrillic": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяЇЄҐ",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյն",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღ",
    "Devanagari": "अआइईउऊएऐओऔकखगघचछजझ",
    "Thai": "กขฃคฅฆงจฉชซฌญฎฏ",
    "Chinese": "李王张刘陈杨黄赵吴周学校",
    "Emoji and rare": "😀🏫🔑👩‍👧𝔸𐍈",
}
TWICE = "^{}\\[~]|€\f"
BLANKS = " \n\r"


def _texts(number: int) -> list[str]:
    """Of one script or several, short and long, most of them about as long as a segment."""
    chance = random.Random(20261124)
    found = []
    for _ in range(number):
        alphabet = "".join(chance.sample(list(SCRIPTS.values()), chance.choice([1, 1, 1, 2, 3])))
        if chance.random() < 0.5:
            alphabet = SCRIPTS["Latin"] + (TWICE if chance.random() < 0.7 else "") + BLANKS
        near = chance.choice([10, 70, 67, 134, 140, 153, 160, 306, 459, 600])
        found.append("".join(chance.choices(alphabet, k=max(1, near + chance.randint(-3, 3)))))
    return found


def test_r79_ten_thousand_texts_in_twelve_scripts_cost_what_another_counter_says() -> None:
    for text in _texts(10_000):
        theirs, ours = smsutil.split(text), measure(text)
        units = theirs.total_bytes // (2 if ours.encoding is Encoding.UCS2 else 1)
        assert (len(theirs.parts), units) == (ours.segments, ours.units), repr(text)
        assert (theirs.encoding == "gsm0338") == (ours.encoding is Encoding.GSM7), repr(text)


def test_the_texts_of_that_test_are_of_every_kind() -> None:
    measured = [measure(text) for text in _texts(10_000)]
    for encoding in Encoding:
        assert {one.segments for one in measured if one.encoding is encoding} >= {1, 2, 3}


@pytest.mark.parametrize(
    ("text", "segments", "room"),
    [
        ("", 1, 160),
        ("a" * 160, 1, 160),
        ("a" * 161, 2, 306),
        ("a" * 306, 2, 306),
        ("a" * 307, 3, 459),
        ("€" * 80, 1, 160),
        ("€" * 81, 2, 306),
        ("a" * 152 + "€" + "a" * 152, 3, 459),  # the pair is not cut: 152 | 153 | 1
        ("ή" * 70, 1, 70),
        ("ή" * 71, 2, 134),
        ("ή" * 134, 2, 134),
        ("ή" * 135, 3, 201),
        ("😀" * 35, 1, 70),
        ("😀" * 36, 2, 134),
        ("ή" * 66 + "😀" + "ή" * 66, 3, 201),
    ],
)
def test_r79_a_text_takes_so_many_segments(text: str, segments: int, room: int) -> None:
    measured = measure(text)
    assert (measured.segments, measured.room) == (segments, room)


def test_capitals_of_greek_that_are_no_latin_ones_cost_nothing_extra() -> None:
    assert measure("ΓΔΘΛΞΠΣΦΨΩ").encoding is Encoding.GSM7
    assert measure("ΑΒ").costly == ("Α", "Β")


def test_what_makes_a_text_dear_is_named_once_and_in_order() -> None:
    assert measure("Don’t – don’t").costly == ("’", "–")
    assert measure("[a] €5").doubled == ("[", "]", "€")
    assert measure("[’]").doubled == ()  # in UCS-2 nothing counts twice


@pytest.mark.parametrize(
    ("letter", "plain"),
    zip("’„–…\u00a0çŠł[|", ("'", '"', "-", "...", " ", "c", "S", "l", "(", "/"), strict=True),
)
def test_what_could_stand_in_its_place(letter: str, plain: str) -> None:
    assert plainer(letter) == plain


@pytest.mark.parametrize("letter", "€ήΑя李😀")
def test_for_letters_of_other_scripts_nothing_stands_in(letter: str) -> None:
    assert plainer(letter) == ""


@given(letter=st.characters(exclude_categories=["Cs"]))
def test_what_stands_in_the_place_of_a_letter_costs_less(letter: str) -> None:
    if letter in BASIC:
        return
    plain = plainer(letter)
    assert BASIC.issuperset(plain)
    assert not (letter in DOUBLE and len(plain) > 1)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_text_always_fits_into_its_segments(text: str) -> None:
    measured = sms_text.measure(text)
    assert measured.units <= measured.room
    assert bool(measured.costly) == (measured.encoding is Encoding.UCS2)
