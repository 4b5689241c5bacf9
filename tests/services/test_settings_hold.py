"""Settings of sessions, text messages, places: changed as an administrator does, then felt where they work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from core import database
from core.delivery import batches, streaks
from core.errors import NotAllowed
from core.models import Account, CampaignKind, Channel, Invitation, MessageStatus, Person
from core.permissions import Role
from core.rules import sign_in_limits
from core.rules.delivery_status import Outcome
from core.rules.report_parameters import CredentialParameters
from core.rules.retention import Kept
from core.services import (
    accounts,
    campaigns,
    copied_links,
    delivery,
    people,
    previews,
    reports,
    retention,
    school,
    selections_beside,
    wordings,
)
from core.services.campaigns import Draft
from core.services.delivery_claims import Batch
from core.services.printed_accounts import Printed
from core.tables import school as school_table
from core.tables.filters import AccountFilter
from pages.shared import cells
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing

CREDENTIALS = Draft(
    kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=AccountFilter(user_types=("student",))
)


def _set(cast: Cast, **changes: Any) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes=changes)


@pytest.mark.parametrize(
    ("setting", "role", "rule", "value", "lasts"),
    [
        ("administrator_idle_minutes", Role.ADMINISTRATOR, sign_in_limits.idle, 7, timedelta(minutes=7)),
        ("administrator_session_hours", Role.ADMINISTRATOR, sign_in_limits.absolute, 3, timedelta(hours=3)),
        ("idle_minutes", Role.STUDENT, sign_in_limits.idle, 9, timedelta(minutes=9)),
        ("session_hours", Role.STUDENT, sign_in_limits.absolute, 2, timedelta(hours=2)),
    ],
)
def test_r36_each_setting_of_sessions_holds_for_its_people_and_for_nobody_else(
    cast: Cast, setting: str, role: Role, rule: Any, value: int, lasts: timedelta
) -> None:
    other = Role.STUDENT if role is Role.ADMINISTRATOR else Role.ADMINISTRATOR
    with database.reading() as db:
        before = rule(school_table.settings(db), [other])
    _set(cast, **{setting: value})
    with database.reading() as db:
        own = school_table.settings(db)
        assert rule(own, [role]) == lasts
        assert rule(own, [other]) == before


@pytest.fixture
def texted(clock: Clock, cast: Cast) -> Cast:
    """Sam, the only student here with a number of his own, and Gina, his guardian, with another."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        for member, number in ((cast.sam, "+306912345671"), (cast.gina, "+306912345672")):
            person = db.get_one(Person, member.person.id)
            person.mobile, person.mobile_region = number, "GR"
        db.get_one(Person, cast.max.person.id).mobile = ""
    return cast


def _launched(cast: Cast, draft: Draft = CREDENTIALS) -> Batch:
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        made = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=made.id or 0, batch=0)
    assert isinstance(batch, Batch)
    return batch


def _numbers(cast: Cast) -> set[str]:
    batch = _launched(cast)
    with database.transaction() as db:
        claims = [delivery.claim(db, batch=batch, message_id=one) for one in batch.message_ids]
    return {str(getattr(claim, "address", "")) for claim in claims}


@pytest.mark.parametrize(
    ("changes", "sams", "ginas"),
    [
        ({"sms_number_order": ["student"]}, True, False),
        ({"sms_number_order": ["guardian"]}, False, True),
        ({"sms_number_order": ["student", "guardian"], "sms_guardian_grades": ["7"]}, False, True),
        ({"sms_number_order": ["student"], "sms_guardian_grades": ["12"]}, True, False),
    ],
)
def test_whose_number_gets_a_text_is_as_the_school_orders_and_young_grades_go_to_a_guardian(
    texted: Cast, changes: dict[str, Any], sams: bool, ginas: bool
) -> None:
    _set(texted, **changes)
    numbers = _numbers(texted)
    assert ("+306912345671" in numbers, "+306912345672" in numbers) == (sams, ginas)


def test_numbers_of_countries_that_the_setting_does_not_allow_get_no_text(texted: Cast) -> None:
    _set(texted, allowed_regions=["CY"])
    with database.reading() as db:
        assert campaigns.check(db, texted.olga.actor, draft=CREDENTIALS).receive == 0


def test_what_a_text_message_carries_works_for_the_days_of_the_setting(texted: Cast, clock: Clock) -> None:
    _set(texted, sms_password_days=3, sms_number_order=["student"])
    _numbers(texted)
    with database.reading() as db:
        ends = {row.expires_at for row in db.exec(select(Invitation))}
    assert ends == {clock.now + timedelta(days=3)}


def test_after_so_many_failures_as_the_setting_says_a_campaign_pauses(texted: Cast) -> None:
    _set(texted, pause_after_failures=4, sms_pause_after_failures=3)
    for draft, number in ((CREDENTIALS, 3), (Draft(filter=CREDENTIALS.filter), 4)):
        batch = _launched(texted, draft)
        assert batch.pause_after == number
        streaks.forget(batch.campaign_id)
        failed = Outcome(MessageStatus.FAILED, detail="nobody there")
        said = [batches._reason_to_pause(batch, failed) for _ in range(number)]
        assert said[:-1] == [""] * (number - 1)
        assert said[-1].startswith(f"{number} messages in a row failed")
        streaks.forget(batch.campaign_id)


def test_the_cost_of_text_messages_is_in_the_currency_of_the_setting(texted: Cast) -> None:
    _set(texted, sms_currency=" chf ")
    with database.reading() as db:
        check = campaigns.check(db, texted.olga.actor, draft=CREDENTIALS)
    assert check.sms is not None
    assert check.sms.currency == "CHF"


def test_a_new_link_ends_after_the_days_of_the_setting(cast: Cast, clock: Clock) -> None:
    _set(cast, link_days=2)
    with database.transaction() as db:
        link = copied_links.issue(db, cast.ada.actor, account_id=cast.sam.account.id or 0)
    assert link.expires_at == clock.now + timedelta(days=2)
    with database.reading() as db:
        assert db.get_one(Account, cast.sam.account.id).invitation_ends_at == link.expires_at


@pytest.mark.parametrize(("region", "typed", "read"), [("GR", "6912345678", "+30"), ("CY", "99123456", "+357")])
def test_a_national_number_is_one_of_the_country_of_the_setting(cast: Cast, region: str, typed: str, read: str) -> None:
    _set(cast, default_region=region)
    fields = {"first_name": "Nia", "last_name": "New", "mobile": typed, "source_id": "NEW-1", "status": "registered"}
    with database.transaction() as db:
        made = people.create(db, cast.olga.actor, kind="student", section_id=cast.class_7b.id, **fields)
        assert db.get_one(Person, made).mobile == read + typed


def test_times_on_screen_and_on_paper_are_of_the_time_zone_of_the_setting(cast: Cast, clock: Clock) -> None:
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    with database.transaction() as db:
        chosen = selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    for zone, hour in (("Asia/Tokyo", "21:00"), ("Europe/Athens", "15:00")):
        _set(cast, time_zone=zone)
        with database.transaction() as db:
            assert hour in cells.moment_words(noon, school_table.settings(db).time_zone)
            printed = {"kind": "user-account-info", "selection_id": chosen, "scope": "selected", "expected": 1}
            head = reports.prepare(db, cast.olga.actor, **printed).paper.head  # type: ignore[arg-type]
        assert head.zone == zone


def test_show_first_password_to_staff_off_prints_and_previews_no_password(cast: Cast) -> None:
    _set(cast, show_first_password=False)
    shown = CredentialParameters(show_passwords=True)
    with database.transaction() as db:
        chosen = selections_beside.of_one(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    with database.transaction() as db, pytest.raises(NotAllowed, match="does not show first passwords"):
        previews.read(db, cast.olga.actor, Printed(chosen, "selected", shown))
    asked: dict[str, Any] = {"kind": "credentials", "selection_id": chosen, "scope": "selected", "expected": 1}
    with database.transaction() as db, pytest.raises(NotAllowed, match="does not show first passwords"):
        reports.prepare(db, cast.olga.actor, parameters=shown, **asked)
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
        links_only = replace(shown, show_passwords=False)
        assert reports.prepare(db, cast.olga.actor, parameters=links_only, **asked).name


def test_new_usernames_are_made_by_the_pattern_and_end_as_the_settings_say(cast: Cast) -> None:
    _set(cast, username_pattern="LastName.FirstName", username_suffix="@school.example")
    with database.transaction() as db:
        nia = make.person(db, first_name="Nia", last_name="New").id or 0
        seen = accounts.preview(db, cast.olga.actor, person_ids=[nia]).seen
        accounts.create(db, cast.olga.actor, seen=seen, person_ids=[nia])
    with database.reading() as db:
        made = db.exec(select(Account.username).where(Account.person_id == nia)).one()
    assert made == "new.nia@school.example"


@pytest.mark.parametrize(
    ("setting", "kept", "value", "days"),
    [
        ("keep_invitations_days", Kept.INVITATIONS, 9, 9),
        ("keep_outbox_days", Kept.OUTBOX, 11, 11),
        ("keep_leavers_months", Kept.LEAVERS, 24, 2 * 365),
        ("keep_audit_months", Kept.AUDIT, 36, 3 * 365 + 1),
    ],
)
def test_r102_each_kind_is_kept_for_as_long_as_its_setting_says(
    cast: Cast, clock: Clock, setting: str, kept: Kept, value: int, days: int
) -> None:
    _set(cast, **{setting: value})
    with database.reading() as db:
        before = retention.before(school_table.settings(db), kept)
    assert abs(clock.now - timedelta(days=days) - before) <= timedelta(days=1)


def test_the_name_of_the_school_stands_in_messages_on_paper_and_on_pages(texted: Cast) -> None:
    _set(texted, school_name="Lyceum of Naxos", sms_number_order=["student"])
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.transaction() as db:
        samples = campaigns.check(db, texted.olga.actor, draft=draft).samples
        chosen = selections_beside.of_one(db, texted.olga.actor, account_id=texted.sam.account.id or 0)
        printed = {"kind": "user-account-info", "selection_id": chosen, "scope": "selected", "expected": 1}
        head = reports.prepare(db, texted.olga.actor, **printed).paper.head  # type: ignore[arg-type]
    assert samples and all("Lyceum of Naxos" in str(one) for one in samples)
    assert head.school == "Lyceum of Naxos"
    with browsing.browser() as stranger:
        assert "Lyceum of Naxos" in stranger.open("/sign-in").text


def test_the_help_contact_stands_at_the_end_of_a_message(texted: Cast) -> None:
    _set(texted, help_contact="Ask at the blue door", sms_number_order=["student"])
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.reading() as db:
        samples = campaigns.check(db, texted.olga.actor, draft=draft).samples
    assert samples and all("Ask at the blue door" in str(one) for one in samples)
