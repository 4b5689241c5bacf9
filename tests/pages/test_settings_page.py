"""All sections of the settings: each opens, and saved as it stands it changes nothing."""

from __future__ import annotations

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.models import AuditEntry, SchoolSettings
from core.rules.setting_words import SETTINGS
from core.services import school as services
from core.tables import school
from pages.shared import feedback
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import everything_said, opener

SECTIONS = [
    *("School", "Logo", "Accounts", "Usernames", "Passwords", "Sessions", "Microsoft 365", "Invitations"),
    *("Reminders", "Text messages", "Limits", "Imports", "Retention", "Alerts"),
]


def _changed() -> list[AuditEntry]:
    with database.reading() as db:
        return list(db.exec(select(AuditEntry).where(AuditEntry.action == "settings.changed")))


def test_each_section_of_the_settings_is_saved_unchanged_and_the_audit_says_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = opener(monkeypatch)
    saved = 0
    for section in SECTIONS:
        page: AppTest = opened(cast.ada.actor, "settings.py", section=section)
        assert not page.exception, section
        pills = page.button_group[0]
        assert set(SECTIONS) <= set(pills.options)
        assert pills.value == section
        for found in [one.label for one in page.button if one.label.startswith("Save") and not one.disabled]:
            next(one for one in page.button if one.label == found).click().run()
            assert not page.exception, section
            assert not page.error, section
            saved += 1
        assert [entry.details for entry in _changed()] == [], section
    assert saved >= 9


def test_every_setting_stands_on_the_screen_with_its_sentence(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).microsoft = True  # what concerns its directory is asked only then
    opened = opener(monkeypatch)
    said = "".join(everything_said(opened(cast.ada.actor, "settings.py", section=section)) for section in SECTIONS)
    missing = [name for name, setting in SETTINGS.items() if setting.label not in said]
    unexplained = [name for name, setting in SETTINGS.items() if feedback.plain(setting.sentence) not in said]
    assert (missing, unexplained) == ([], [])


def test_the_length_of_a_user_type_is_set_on_the_screen_and_taken_back_by_emptying_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page: AppTest = opener(monkeypatch)(cast.ada.actor, "settings.py", section="Passwords")
    page = _type(page, {"Shortest password of students and parents": 16, "Teacher": 22})
    assert _shortest() == {"student": 16, "guardian": 16, "teacher": 22, "staff": 15}
    page = _type(page, {"Student": 18, "Teacher": None})
    assert _shortest() == {"student": 18, "guardian": 16, "teacher": 15, "staff": 15}


@pytest.mark.parametrize("section", ["Accounts", "Passwords"])
def test_nothing_is_saved_over_what_another_administrator_saved_meanwhile(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    page: AppTest = opener(monkeypatch)(cast.ada.actor, "settings.py", section=section)
    meant = {"registered_statuses": ["registered", "applicant"], "password_lengths": {"student": 20}}
    with database.transaction() as db:
        services.change_settings(db, cast.ada.actor, changes=meant)
    screens.button(page, "Save").click().run()
    assert any("Somebody else changed this meanwhile" in said.value for said in page.error)
    screens.button(page, "Save").click().run()
    assert not page.error and not page.exception
    with database.reading() as db:
        now = db.get_one(SchoolSettings, 1)
        assert {name: getattr(now, name) for name in meant} == meant
    assert len(_changed()) == 1


def _type(page: AppTest, answers: dict[str, int | None]) -> AppTest:
    for label, answer in answers.items():
        next(one for one in page.number_input if one.label == label).set_value(answer)
    page = screens.button(page, "Save").click().run()
    assert not page.exception and not page.error
    return page


def _shortest() -> dict[str, int]:
    with database.reading() as db:
        own = school.settings(db)
    return {kind: school.shortest_password(own, kind) for kind in ("student", "guardian", "teacher", "staff")}
