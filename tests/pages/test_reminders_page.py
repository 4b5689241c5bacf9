"""*Reminders*: the runs that were made, and their list as a file."""

from __future__ import annotations

from datetime import date

import pytest

from core import clock, database
from core.models import ReminderRun
from core.services import reminder_files, wordings
from tests.cast import Cast
from tests.pages.screens import Open, everything_said, opener


@pytest.fixture
def opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Open:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    return opener(monkeypatch)


def test_without_a_run_there_is_nothing_to_take_away(cast: Cast, opened: Open) -> None:
    page = opened(cast.olga.actor, "reminders.py")
    said = everything_said(page)
    assert not page.exception and "the next run would be" in said and "/files/" not in said


def test_the_runs_are_offered_as_a_file_in_each_form_with_their_number(cast: Cast, opened: Open) -> None:
    with database.transaction() as db:
        db.add(ReminderRun(day=date(2026, 11, 22), made_at=clock.now(), reminded=7))
        db.add(ReminderRun(day=date(2026, 11, 23), made_at=clock.now()))
    page = opened(cast.olga.actor, "reminders.py")
    said = everything_said(page)
    assert not page.exception and "7 reminded" in said and "Nobody had to be reminded" in said
    assert {kind for kind in reminder_files.KINDS if f'action="/files/{kind}"' in said} == set(reminder_files.KINDS)
    assert 'name="expected" value="2"' in said and "runs, 2" in said
