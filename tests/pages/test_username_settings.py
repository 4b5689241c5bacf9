"""Usernames in the settings: what is typed shows at once what it makes; existing usernames stay."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, SchoolSettings
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="page")
def _page(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> AppTest:
    return screens.opener(monkeypatch)(cast.ada.actor, "settings.py", section="Usernames")


def _type(page: AppTest, key: str, text: str) -> AppTest:
    field = next(one for one in page.text_input if str(one.key).startswith(f"settings.{key}."))
    return field.input(text).run()


def test_the_preview_follows_what_is_typed_with_greek_and_doubled_names(page: AppTest) -> None:
    said = everything_said(page)
    assert "mpapadopoulou" in said and "mpapadopoulou2" in said and "never changed" in said
    page = _type(_type(page, "username_pattern", "LastName(4)Year(2)"), "username_suffix", "@pupils.school.example")
    said = everything_said(page)
    assert "papa26@pupils.school.example" in said and "papa262@pupils.school.example" in said


def test_a_fault_is_shown_with_its_place_and_cannot_be_saved(page: AppTest) -> None:
    page = _type(page, "username_pattern", "FristName(1)")
    assert "character 1" in page.error[0].value
    assert not [found for found in page.button if found.label == "Save usernames"]


def test_saving_keeps_the_pattern_and_changes_no_username(page: AppTest, cast: Cast) -> None:
    page = _type(page, "username_pattern", "Code")
    button(page, "Save usernames").click().run()
    assert not page.exception
    with database.reading() as db:
        assert db.get_one(SchoolSettings, 1).username_pattern == "Code"
        assert db.get_one(Account, cast.sam.account.id).username == "sam.sideris"
