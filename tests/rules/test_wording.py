"""Texts with fields: nothing is evaluated, nothing leads elsewhere, both parts say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ROOT
from core.errors import InputProblem
from core.rules import message_text, wording, wording_checks
from core.rules.message_text import Addressee, Place

DEFAULTS = sorted((ROOT / "data" / "wordings").glob("*.md"))
PLACE = Place("Athena School", "Ask at the office.", "Europe/Athens", "https://keys.school.example")
ENDS = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
check = partial(wording_checks.check, kind="initial_invitation", channel="email")
LINK = "https://keys.school.example/i/ABC"


class _Text:
    def __init__(self, source: str) -> None:
        self.subject, self.body = wording.read(source)


def _filled(language: str = "en", first_name: str = "Sam", microsoft: bool = False) -> wording.Filled:
    texts = {
        path.name.split(".")[2]: _Text(path.read_text()) for path in DEFAULTS if path.name.startswith("initial_inv")
    }
    to = Addressee(first_name, "Sideris", "sam.sideris", microsoft, language)
    return message_text.render(texts, to, PLACE, link=LINK, ends_at=ENDS)


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.name)
def test_the_texts_that_come_with_it_are_accepted(path: object) -> None:
    text = _Text(path.read_text())  # type: ignore[attr-defined]
    kind, channel, *_ = path.name.split(".")  # type: ignore[attr-defined]
    wording_checks.check(text.subject, text.body, kind=kind, channel=channel)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{username} {link} {password}", "no field"),
        ("{link}", "must contain {username}"),
        ("{username}", "must contain {link}"),
        ("{username} {link} https://elsewhere.example", "nowhere but"),
        ("{username} {link} WWW.elsewhere.example", "nowhere but"),
    ],
)
def test_r68_a_text_that_lacks_a_field_or_leads_elsewhere_is_refused(body: str, says: str) -> None:
    with pytest.raises(InputProblem, match=says):
        check("Your key", body)


def test_the_link_stays_out_of_the_subject() -> None:
    with pytest.raises(InputProblem, match="subject"):
        check("{link}", "{username} {link}")


@pytest.mark.parametrize(
    "name", ["{{7*7}}", "{link}", "{0.__class__}", "<script>", "%s", "${jndi}", "a\nb", "\\1", "\\g<0>"]
)
def test_r67_a_name_is_never_read_as_wording_or_html(name: str) -> None:
    filled = _filled(first_name=name)
    assert f"Hello {name}," in filled.text
    assert "<script>" not in filled.html
    assert "49" not in filled.text.replace(LINK, "")


@given(name=st.text(min_size=1, max_size=40))
def test_any_name_leaves_exactly_one_button(name: str) -> None:
    assert _filled(first_name=name).html.count("<a ") == 1


def test_the_button_and_the_bare_link_lead_to_the_same_place() -> None:
    filled = _filled()
    assert filled.html.count(LINK) == 2
    assert filled.text.count(LINK) == 1


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Tuesday 1 December 2026, 14:30"), ("el", "Τρίτη 1 Δεκεμβρίου 2026, 14:30")]
)
def test_the_end_is_told_in_the_readers_language_and_the_schools_time(language: str, says: str) -> None:
    assert says in _filled(language).text


def test_a_language_without_a_text_gets_english() -> None:
    assert "Hello Sam" in _filled("tlh").text


def test_nothing_of_the_text_shows_in_a_repr() -> None:
    assert LINK not in repr(_filled())
