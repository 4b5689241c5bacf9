"""Alerts: injected, seen within a minute, said once, and mailed to the address of the settings (R98)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import database
from core.delivery import alarms
from core.models import AcademicPeriod, Alert, AuditEntry, Campaign, Message, SchoolSettings, SendingHold
from core.permissions import command_line, visitor
from core.rules.alerts import AlertKind
from core.services import (
    alerts,
    audit,
    audit_anchors,
    backups,
    campaign_moves,
    campaign_pauses,
    delivery,
    delivery_claims,
    school,
    status_papers,
    wordings,
    year_files,
)
from core.services.alerts import Finding
from core.tables import alerts as table
from core.tables import disks, stopped
from core.tables.filters import StatusFilter
from core.web import faults
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _raised() -> list[tuple[str, int, int | None]]:
    with database.reading() as db:
        return [(row.kind, row.number, row.account_id) for row in db.exec(select(Alert).order_by("id"))]


def _export(who: Member, number: int) -> None:
    with database.transaction() as db:
        audit.record(db, who.actor, action="list.exported", details={"count": number})


def _fail(cast: Cast, member: Member, times: int, action: str = "sign_in.refused") -> None:
    with database.transaction() as db:
        for _time in range(times):
            about = {"object_kind": "account", "object_id": member.account.id, "result": "refused"}
            audit.record(db, visitor("192.0.2.1"), action=action, **about)  # type: ignore[arg-type]


def test_r98_more_than_500_rows_in_ten_minutes_make_an_alert_that_names_who_took_them(cast: Cast, clock: Clock) -> None:
    _export(cast.olga, 300)
    clock.forward(minutes=4)
    _export(cast.olga, 200)
    _export(cast.cora, 400)
    assert alarms.look() == 0
    _export(cast.olga, 1)
    assert alarms.look() == 1
    assert _raised() == [("mass_export", 501, cast.olga.account.id)]
    with database.reading() as db:
        (said,) = table.latest(db, cast.ada.actor, within=timedelta(days=7))
    assert said.sentence.startswith("Orlova Olga took the data of 501 people within ten minutes")


def test_r98_numbers_on_paper_and_lists_of_years_take_nobodys_data(cast: Cast) -> None:
    with database.transaction() as db:
        db.add_all(AcademicPeriod(source_id=f"{year}", title=f"{year}") for year in range(1000, 1501))
    with database.transaction() as db:
        year_files.prepare(db, cast.ada.actor, kind="years-csv")
        status_papers.prepare(db, cast.ada.actor, filter=StatusFilter())
    with database.reading() as db:
        years, paper = [entry.details for entry in db.exec(select(AuditEntry).order_by("seq"))]
    assert (years["rows"], paper["counted"]) == (502, 3)
    assert not {"count"} & {*years, *paper}
    assert alarms.look() == 0


def test_r98_an_alert_is_not_raised_again_while_it_lasts(cast: Cast, clock: Clock) -> None:
    _export(cast.olga, 600)
    assert [alarms.look() for _time in range(3)] == [1, 0, 0]
    clock.forward(minutes=11)
    assert alarms.look() == 0, "it is over"
    _export(cast.olga, 600)
    assert alarms.look() == 1


def test_r98_exports_that_are_far_apart_are_no_alert(cast: Cast, clock: Clock) -> None:
    for _time in range(3):
        _export(cast.olga, 400)
        clock.forward(minutes=11)
        assert alarms.look() == 0


def test_r98_more_than_20_failed_sign_ins_of_staff_make_an_alert_and_those_of_students_none(cast: Cast) -> None:
    _fail(cast, cast.sam, 40)
    _fail(cast, cast.olga, 12)
    _fail(cast, cast.tom, 8)
    assert alarms.look() == 0
    _fail(cast, cast.tom, 1)
    assert alarms.look() == 1
    assert _raised() == [("sign_in_failures", 21, None)]


def test_r98_wrong_codes_of_an_authenticator_count_as_failed_sign_ins(cast: Cast) -> None:
    _fail(cast, cast.olga, 12)
    _fail(cast, cast.olga, 8, action="second_factor.refused")
    assert alarms.look() == 0
    _fail(cast, cast.olga, 1, action="second_factor.refused")
    assert alarms.look() == 1
    assert _raised() == [("sign_in_failures", 21, None)]


def test_r98_a_cut_audit_makes_an_alert_at_the_next_look(cast: Cast) -> None:
    _export(cast.olga, 1)
    _export(cast.olga, 1)
    alarms.note_audit()
    assert alarms.look() == 0
    with database.transaction() as db:
        if database.is_sqlite():
            db.execute(sa.text("DROP TRIGGER audit_entry_kept"))
        else:
            db.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        db.execute(sa.text("DELETE FROM audit_entry WHERE seq = 2"))
    assert alarms.look() == 1
    assert _raised() == [("broken_chain", 2, None)]


def test_r98_notes_of_the_audit_that_are_gone_make_an_alert_before_new_ones_are_begun(cast: Cast, clock: Clock) -> None:
    _export(cast.olga, 1)
    assert alarms.note_audit() == 0, "a new school has had no time for notes"
    clock.forward(days=2)
    assert alarms.note_audit() == 0
    audit_anchors.set_aside()
    assert [alarms.note_audit() for _time in range(2)] == [1, 0]
    assert _raised() == [("no_notes", 1, None)]
    assert audit_anchors.read()


def test_r98_an_old_entry_that_was_changed_is_found_by_the_hourly_check(cast: Cast) -> None:
    for _time in range(3):
        _export(cast.olga, 1)
    alarms.note_audit()
    assert alarms.check_audit() == 0
    with database.transaction() as db:
        if database.is_sqlite():
            db.execute(sa.text("DROP TRIGGER audit_entry_unchanged"))
        else:
            db.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        db.execute(sa.text("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 1"))
    assert [alarms.check_audit() for _time in range(2)] == [1, 0]
    assert _raised() == [("broken_chain", 1, None)]
    assert audit_anchors.read()[-1].seq == 3


def test_r98_eighty_percent_of_the_sms_money_make_an_alert_once_a_day(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes={"sms_price": 0.10, "sms_spend_per_day": 10.0})
        campaign = Campaign(
            kind="initial_credentials",
            channel="sms",
            idempotency_key="k",
            wording_ids={},
            link_days=7,
            launched_by_label="Olga",
            launched_at=clock.now,
            starts_at=clock.now,
            recipients=1,
            recipients_digest="",
        )
        db.add(campaign)
        db.flush()
        same = {"campaign_id": campaign.id, "batch": 0, "channel": "sms", "address": "+30", "language": "en"}
        db.add(Message(**same, reference="r1", claimed_at=clock.now, segments=79))
    assert alarms.look() == 0
    with database.transaction() as db:
        db.add(Message(**same, reference="r2", claimed_at=clock.now, segments=1))
    assert [alarms.look() for _time in range(2)] == [1, 0]
    assert _raised() == [("sms_spend", 80, None)]


def test_r98_wrong_signatures_make_one_alert_however_many_processes_count_them(cast: Cast) -> None:
    for _process in range(3):
        alarms.sound([Finding(AlertKind.BAD_SIGNATURES, 10)])
    assert _raised() == [("bad_signatures", 10, None)]


def test_r98_the_alert_is_mailed_to_the_address_of_the_settings_and_says_where_to_look(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.merge(cast.ada.account).password_hash = "hash"
        school.change_settings(db, cast.ada.actor, changes={"alert_address": "head@school.example"})
        campaign = alerts.raise_(db, finding=Finding(AlertKind.SMS_SPEND, 85))
    assert campaign is not None
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=campaign, batch=0)
        assert isinstance(batch, delivery_claims.Batch)
        claim = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
    assert isinstance(claim, delivery_claims.Claim)
    assert (claim.address, claim.text.subject) == ("head@school.example", "Athena School: an alert in Firstkey")
    assert "/sign-in" in claim.text.text
    assert "/i/" not in claim.text.text, "it opens nothing"


def test_without_an_address_an_alert_stands_on_the_page_alone(cast: Cast) -> None:
    with database.transaction() as db:
        assert db.get_one(SchoolSettings, 1).alert_address == ""
        assert alerts.raise_(db, finding=Finding(AlertKind.SMS_SPEND, 85)) is None
    assert len(_raised()) == 1


def _waits(clock: Clock, kind: str = "initial_invitation") -> int:
    """One message is due; gives its campaign."""
    with database.transaction() as db:
        key = secrets.token_hex(8)
        same = {"idempotency_key": key, "wording_ids": {}, "link_days": 7, "recipients": 1, "recipients_digest": ""}
        about = {"kind": kind, "channel": "email", "launched_by_label": "Olga"}
        campaign = Campaign(launched_at=clock.now, starts_at=clock.now, **same, **about)
        db.add(campaign)
        db.flush()
        to = {"channel": "email", "address": "x@mail.example", "language": "en", "reference": key}
        db.add(Message(campaign_id=campaign.id, batch=0, **to))
        return campaign.id or 0


def test_messages_that_stand_make_an_alert_unless_sending_is_held(cast: Cast, clock: Clock) -> None:
    _waits(clock)
    clock.forward(minutes=14)
    assert alarms.look() == 0
    clock.forward(minutes=1)
    assert [alarms.look() for _time in range(2)] == [1, 0]
    assert _raised() == [("queue_stands", 15, None)]
    clock.forward(hours=7)
    with database.transaction() as db:
        db.add(SendingHold(since=clock.now, by_label="Olga"))
    assert alarms.look() == 0


def test_a_backup_that_is_too_old_makes_an_alert_once_a_day(cast: Cast, clock: Clock) -> None:
    assert alarms.look() == 0, "none was set up"
    with database.transaction() as db:
        backups.note_made(db, command_line("test"), size=1, key="k")
    clock.forward(hours=47)
    assert alarms.look() == 0
    clock.forward(hours=2)
    assert [alarms.look() for _time in range(2)] == [1, 0]
    assert _raised() == [("no_backup", 49, None)]


def test_many_faults_and_a_full_disk_make_an_alert(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        faults.log(ValueError("x"), f"GET /{number}")
    assert alarms.look() == 0
    faults.log(ValueError("x"), "GET /9")
    assert alarms.look() == 1
    assert alarms.look_at_disks() == 0
    monkeypatch.setattr(disks.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=50 * 2**20))
    assert [alarms.look_at_disks() for _time in range(2)] == [1, 0]
    assert _raised() == [("faults", 10, None), ("disk_full", 50, None)]


def test_a_campaign_that_a_provider_stops_makes_one_alert_and_one_that_staff_pause_none(
    cast: Cast, clock: Clock
) -> None:
    first = _waits(clock)
    with database.transaction() as db:
        campaign_moves.pause(db, cast.olga.actor, campaign_id=first)
    assert alarms.look() == 0
    with database.transaction() as db:
        campaign_moves.resume(db, cast.olga.actor, campaign_id=first)
        campaign_pauses.pause(db, campaign_id=first, why="The mail server does not accept the name and password.")
    assert [alarms.look() for _time in range(2)] == [1, 0]
    clock.forward(minutes=50)
    assert alarms.look() == 0, "it stays paused, and was said"
    clock.forward(minutes=30)
    second = _waits(clock)
    with database.transaction() as db:
        campaign_pauses.pause(db, campaign_id=second, why="Twilio lets this account send no more today (63038).")
    assert [alarms.look() for _time in range(2)] == [1, 0]
    assert _raised() == [("campaign_stopped", first, None), ("campaign_stopped", second, None)]


def test_an_alert_that_could_not_be_mailed_is_no_reason_for_another(cast: Cast, clock: Clock) -> None:
    campaign_id = _waits(clock, kind="alert")
    with database.transaction() as db:
        campaign_pauses.pause(db, campaign_id=campaign_id, why="The mail server turns us away (554).")
    assert alarms.look() == 0
    with database.reading() as db:
        assert stopped.reasons(db) == ("The mail server turns us away (554).",)
