"""The page before anything leaves: how it reads in each language, what a text costs, when it goes, and to how many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.delivery import engine
from core.models import Account, Campaign, Message, Person, SchoolSettings
from core.services import selections, wordings
from core.tables import accounts
from core.tables.filters import AccountFilter
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def school(cast: Cast) -> Iterator[Cast]:
    """A demo school that may text at any hour; Sam reads Greek, the others English."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        decided = {"is_demo": True, "sms_from_hour": 0, "sms_until_hour": 24, "time_zone": "Europe/Athens"}
        db.execute(sa.update(SchoolSettings).values(**decided))
        for place, member in enumerate((cast.sam, cast.max, cast.otto)):
            language, number = ("en", "el")[member is cast.sam], f"+3069123456{place:02}"
            mine = sa.update(Person).where(col(Person.id) == member.person.id)
            db.execute(mine.values(language=language, mobile=number, mobile_region="GR", use_personal_email=True))
    engine.launch(deliver=False)
    yield cast
    engine.shutdown()


def check_page(open_screen: screens.Open, school: Cast, *members: Member, **more: str) -> Any:
    ids = {member.account.id for member in members}
    with database.transaction() as db:
        selections.tick(db, school.olga.actor, list_name="accounts", on=ids)
        selection = selections.current(db, school.olga.actor, list_name="accounts").id
    return open_screen(school.olga.actor, "campaigns.py", selection=str(selection), **more)


def campaigns() -> list[Campaign]:
    with database.reading() as db:
        return list(db.exec(select(Campaign).order_by(col(Campaign.id))))


def test_each_language_has_a_sample_of_somebody_who_reads_it(open_screen: screens.Open, school: Cast) -> None:
    page = check_page(open_screen, school, school.sam, school.otto)
    chooser = page.button_group(key="check.language")
    assert sorted(chooser.options) == ["English", "Greek"]
    assert "Sam Sideris" in everything_said(page)
    page = chooser.select("en").run()
    said = everything_said(page)
    assert "Hello" in said
    assert "Sam Sideris" not in said


def test_a_text_tells_its_encoding_its_segments_and_what_makes_it_dear(open_screen: screens.Open, school: Cast) -> None:
    page = check_page(open_screen, school, school.sam, school.otto, by="sms")
    assert "leave room for 70 characters in a segment, not 160" in everything_said(page)
    page = page.button_group(key="check.language").select("en").run()
    said = everything_said(page)
    assert "GSM-7" in said
    assert "leave room for 70" not in said


def test_who_was_sent_the_same_is_said_with_when_and_left_out_unless_wanted(
    open_screen: screens.Open, school: Cast
) -> None:
    page = check_page(open_screen, school, school.sam, school.otto)
    button(page, "Send 2 invitations").click().run()
    with database.transaction() as db:
        gone = {"status": "sent", "claimed_at": core_clock.now() - timedelta(hours=2), "attempts": 1}
        db.execute(sa.update(Message).values(**gone, finished_at=core_clock.now() - timedelta(hours=2)))
        db.execute(sa.update(Account).values(pending_provider_at=None))
    page = check_page(open_screen, school, school.sam, school.otto, school.max)
    assert "2 of these people were sent the same in the last 24 hours, last 2 hours ago" in everything_said(page)
    assert "Send 1 invitation" in [one.label for one in page.button]
    page = page.toggle(key="check.again").set_value(True).run()
    assert "Send 3 invitations" in [one.label for one in page.button]
    page = button(page, "Open these people in the list").click().run()
    assert page.title[0].value == "User Accounts"
    with database.reading() as db:
        found = accounts.matching(db, school.olga.actor, filter=AccountFilter(of_check="yes"))
        assert set(db.scalars(found)) == {school.sam.account.id, school.otto.account.id}


def test_it_goes_at_the_moment_that_was_chosen_in_the_zone_of_the_school(
    open_screen: screens.Open, school: Cast
) -> None:
    page = check_page(open_screen, school, school.sam)
    page = page.button_group(key="check.when").select("At a time").run()
    assert page.time_input[0].label == "Time (Europe/Athens)"
    tomorrow = (core_clock.now().astimezone(ZoneInfo("Europe/Athens")) + timedelta(days=1)).date()
    page.date_input[0].set_value(tomorrow)
    page.time_input[0].set_value(datetime(2026, 1, 1, 10, 15).time())
    page = button(page.run(), "Send 1 invitation").click().run()
    assert not page.exception
    there = campaigns()[0].starts_at.astimezone(ZoneInfo("Europe/Athens"))
    assert (there.date(), there.hour, there.minute) == (tomorrow, 10, 15)


@pytest.mark.parametrize(
    ("by", "now", "proposed"),
    [
        ("email", "09:10", "2026-11-23 10:00"),
        ("email", "23:30", "2026-11-24 00:00"),
        ("sms", "09:10", "2026-11-23 10:00"),
        ("sms", "17:30", "2026-11-24 09:00"),
        ("sms", "23:30", "2026-11-24 09:00"),
        ("sms", "05:00", "2026-11-23 09:00"),
    ],
)
def test_what_is_proposed_late_in_the_evening_lies_ahead_and_inside_the_hours(
    open_screen: screens.Open, school: Cast, clock: Clock, by: str, now: str, proposed: str
) -> None:
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(sms_from_hour=9, sms_until_hour=18))
    athens = ZoneInfo("Europe/Athens")
    clock.set(datetime.fromisoformat(f"2026-11-23 {now}").replace(tzinfo=athens).astimezone(UTC))
    page = check_page(open_screen, school, school.otto, by=by)
    page = page.button_group(key="check.when").select("At a time").run()
    assert (page.date_input[0].value, page.time_input[0].value) == _day_and_time(proposed)
    noun = "text message" if by == "sms" else "invitation"
    page = button(page.run(), f"Send 1 {noun}").click().run()
    assert not page.error
    assert campaigns()[0].starts_at == datetime.fromisoformat(proposed).replace(tzinfo=athens)


def _day_and_time(moment: str) -> tuple[date, time]:
    when = datetime.fromisoformat(moment)
    return when.date(), when.time()


def test_a_text_at_night_is_refused_with_the_hours(open_screen: screens.Open, school: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(sms_from_hour=9, sms_until_hour=18))
    page = check_page(open_screen, school, school.otto, by="sms")
    page = page.button_group(key="check.when").select("At a time").run()
    page.date_input[0].set_value(page.date_input[0].value + timedelta(days=1))
    page.time_input[0].set_value(datetime(2026, 1, 1, 3, 0).time())
    page = button(page.run(), "Send 1 text message").click().run()
    assert "Text messages leave between 9:00 and 18:00" in page.error[0].value.replace("\\", "")
    assert campaigns() == []


def test_r64_above_a_number_the_button_waits_until_the_count_is_typed(open_screen: screens.Open, school: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(typed_count_above=1))
    page = check_page(open_screen, school, school.sam, school.otto)
    assert button(page, "Send 2 invitations").disabled
    page = page.text_input(key="typed_count").set_value("3").run()
    assert button(page, "Send 2 invitations").disabled
    page = page.text_input(key="typed_count").set_value("2").run()
    page = button(page, "Send 2 invitations").click().run()
    assert not page.exception
    assert campaigns()[0].recipients == 2
