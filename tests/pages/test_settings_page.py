"""All sections of the settings: each opens, and saved as it stands it changes nothing."""

from __future__ import annotations

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.models import AuditEntry
from tests.cast import Cast
from tests.pages.screens import opener

SECTIONS = [
    *("School", "Logo", "Accounts", "Usernames", "Passwords", "Sessions", "Microsoft 365", "Invitations"),
    *("Reminders", "Text messages", "Limits", "Retention", "Alerts"),
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
