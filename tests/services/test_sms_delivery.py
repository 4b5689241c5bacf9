"""Initial credentials by SMS: one person a text, at the hours, for the money and as often as the school allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.errors import InputProblem
from core.gateways.channels import Word
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    CampaignStatus,
    Channel,
    FailureReason,
    Guardianship,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Purpose,
    SignInMethod,
)
from core.rules import alerts, setting_words, sms_text
from core.rules.alerts import AlertKind
from core.rules.delivery_status import ADDRESS_CHANGED, Outcome
from core.rules.needs import WORDS, Need
from core.services import (
    campaigns,
    delivery,
    delivery_claims,
    delivery_events,
    opt_outs,
    sending_hold,
    test_messages,
    unknown_messages,
    wordings,
)
from core.services.campaigns import Check, Draft
from core.services.delivery_claims import Batch, Claim, Stop
from core.services.delivery_limits import Wait
from core.tables import accounts, candidates, needs, school, sending, timeline
from core.tables import campaigns as campaigns_table
from core.tables.filters import AccountFilter, Page
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

CREDENTIALS = Draft(
    kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=AccountFilter(user_types=("student",))
)
SENT = Outcome(MessageStatus.SENT, provider_id="SM1")


@pytest.fixture
def people(clock: Clock, cast: Cast) -> Cast:
    """Three students with a mobile each."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        for number, member in enumerate((cast.sam, cast.max, cast.otto)):
            member.person.mobile, member.person.mobile_region = f"+30691234567{number}", "GR"
            db.add(member.person)
    return cast


def decide(**values: object) -> None:
    with database.transaction() as db:
        own = school.settings(db)
        for name, value in values.items():
            setattr(own, name, value)
        db.add(own)


def change(row: object, **values: object) -> None:
    with database.transaction() as db:
        for name, value in values.items():
            setattr(row, name, value)
        db.add(row)


def look(people: Cast) -> Check:
    with database.reading() as db:
        return campaigns.check(db, people.olga.actor, draft=CREDENTIALS)


def launch(people: Cast, starts_at: datetime | None = None) -> Campaign:
    seen = look(people).fingerprint
    with database.transaction() as db:
        return campaigns.launch(
            db, people.olga.actor, draft=CREDENTIALS, seen=seen, idempotency_key=seen, starts_at=starts_at
        )


def open_batch(campaign: Campaign) -> Batch | Wait | None:
    with database.transaction() as db:
        return delivery.open_batch(db, campaign_id=campaign.id or 0, batch=0)


def batch_of(campaign: Campaign) -> Batch:
    found = open_batch(campaign)
    assert isinstance(found, Batch)
    return found


def take(batch: Batch, place: int = 0) -> Claim | Wait | Stop | None:
    with database.transaction() as db:
        return delivery.claim(db, batch=batch, message_id=batch.message_ids[place])


def claim(batch: Batch, place: int = 0) -> Claim:
    found = take(batch, place)
    assert isinstance(found, Claim)
    return found


def message(batch: Batch, place: int) -> Message:
    with database.reading() as db:
        return db.exec(select(Message).where(Message.id == batch.message_ids[place])).one()


def test_the_text_carries_a_username_and_a_live_initial_password_and_no_full_name(people: Cast) -> None:
    found = claim(batch_of(launch(people)))
    sam = people.sam
    assert found.address == sam.person.mobile
    assert sam.account.username in found.text.text
    assert f"{sam.person.first_name} {sam.person.last_name}" not in found.text.text
    with database.reading() as db:
        row = db.exec(select(Invitation)).one()
        candidate = candidates.named(db, username=sam.account.username)
    assert (row.purpose, row.channel) == (Purpose.PASSWORD, Channel.SMS)
    assert row.expires_at == row.issued_at + timedelta(days=7)
    assert any(candidate.knows_initial(word.strip(",.")) for word in found.text.text.split())
    assert found.text.text not in repr(found)


def test_r79_a_text_with_credentials_has_two_segments_at_most_in_every_language(people: Cast) -> None:
    change(people.max.person, language="el")
    seen = look(people)
    assert {sample.language for sample in seen.samples} == {"en", "el"}
    assert all(sms_text.measure(sample.text).segments <= 2 for sample in seen.samples)
    assert seen.sms is not None
    assert seen.sms.segments == sum(sms_text.measure(sample.text).segments for sample in seen.samples)


def test_a_microsoft_account_gets_a_link_and_no_password(people: Cast) -> None:
    change(people.sam.account, sign_in_method=SignInMethod.MICROSOFT)
    found = claim(batch_of(launch(people)))
    assert "/i/" in found.text.text
    with database.reading() as db:
        assert db.exec(select(Invitation)).one().purpose == Purpose.LINK


def test_who_has_chosen_a_password_meanwhile_gets_none(people: Cast) -> None:
    batch = batch_of(launch(people))
    change(people.sam.account, password_hash="chosen", verified_at=people.sam.account.created_at)
    assert take(batch) is None
    assert message(batch, 0).status == MessageStatus.CANCELLED


def test_a_second_try_repeats_the_password_of_the_first(people: Cast) -> None:
    campaign = launch(people)
    batch = batch_of(campaign)
    first = claim(batch)
    with database.transaction() as db:
        delivery.record(db, message_id=first.message_id, outcome=Outcome(MessageStatus.QUEUED))
    assert claim(batch_of(campaign)).text.text == first.text.text


def test_r78_siblings_with_one_number_get_their_texts_a_minute_apart(people: Cast, clock: Clock) -> None:
    change(people.max.person, mobile=people.sam.person.mobile)
    batch = batch_of(launch(people))
    places = [place for place, _ in enumerate(batch.message_ids) if message(batch, place).address.endswith("0")]
    claim(batch, places[0])
    held = take(batch, places[1])
    assert isinstance(held, Wait)
    assert not held.all
    assert message(batch, places[1]).status == MessageStatus.QUEUED
    clock.forward(seconds=61)
    claim(batch, places[1])


def test_r78_a_number_gets_no_more_texts_on_a_day_than_the_school_allows(people: Cast, clock: Clock) -> None:
    decide(sms_per_number_per_day=1)
    change(people.max.person, mobile=people.sam.person.mobile)
    batch = batch_of(launch(people))
    places = [place for place, _ in enumerate(batch.message_ids) if message(batch, place).address.endswith("0")]
    claim(batch, places[0])
    clock.forward(seconds=61)
    assert take(batch, places[1]) is None
    refused = message(batch, places[1])
    assert (refused.status, refused.reason) == (MessageStatus.FAILED, FailureReason.NUMBER_FULL)


def test_who_is_over_the_limit_of_their_number_is_found_outside_the_campaign(people: Cast, clock: Clock) -> None:
    decide(sms_per_number_per_day=1)
    change(people.max.person, mobile=people.sam.person.mobile)
    batch = batch_of(launch(people))
    siblings = {people.sam.account.id, people.max.account.id}
    places = [place for place, _ in enumerate(batch.message_ids) if message(batch, place).address.endswith("0")]
    claim(batch, places[0])
    clock.forward(seconds=61)
    take(batch, places[1])
    with database.reading() as db:
        for asked in (AccountFilter(deliveries=("failed",)), AccountFilter(failures=("number_full",))):
            found = set(db.scalars(accounts.matching(db, people.olga.actor, filter=asked)))
            assert len(found) == 1 and found < siblings
        entry = next(one for one in needs.of(db, people.olga.actor) if one.need is Need.NUMBER_FULL)
        assert (entry.number, entry.behind) == (1, AccountFilter(failures=("number_full",)))
        account = db.get_one(Account, found.pop())
        assert (account.delivery_address, account.times_invited) == (people.sam.person.mobile, 0)
    said = WORDS[Need.NUMBER_FULL].sentence(1)
    assert "Send it again tomorrow, or raise the limit in Settings." in said


@pytest.mark.parametrize("what", ["the guardian's number", "no more texts", "the home number"])
def test_r105_a_text_is_not_sent_to_a_number_that_is_another_by_now(people: Cast, what: str) -> None:
    sam, gina = people.sam.person, people.gina.person
    change(sam, mobile="", mobile_region="")
    change(sam if what == "the home number" else gina, **_at(what, "+306979999999"))
    batch = batch_of(launch(people))
    assert message(batch, 0).address == "+306979999999"
    if what == "no more texts":
        with database.transaction() as db:
            db.execute(sa.update(Guardianship).values(may_sms=False))
    else:
        change(sam if what == "the home number" else gina, **_at(what, "+306978888888"))
    assert take(batch) is None
    assert (message(batch, 0).status, message(batch, 0).detail) == (MessageStatus.CANCELLED, ADDRESS_CHANGED)
    with database.reading() as db:
        assert db.exec(select(Invitation)).all() == []


def test_r88_who_wrote_stop_after_the_launch_gets_no_text(people: Cast) -> None:
    batch = batch_of(launch(people))
    with database.transaction() as db:
        opt_outs.record(db, channel=Channel.SMS, address=message(batch, 0).address)
    assert take(batch) is None
    assert (message(batch, 0).status, message(batch, 0).reason) == (MessageStatus.FAILED, FailureReason.OPTED_OUT)
    with database.reading() as db:
        assert db.exec(select(Invitation)).all() == []  # a link of before goes on working
    claim(batch, 1)


def test_a_text_that_was_never_sent_keeps_no_sibling_waiting_and_takes_no_place_of_the_day(
    people: Cast, clock: Clock
) -> None:
    decide(sms_per_number_per_day=1)
    for sibling in (people.max, people.otto):
        change(sibling.person, mobile=people.sam.person.mobile)
    batch = batch_of(launch(people))
    first, last, chosen = (_place_of(batch, who) for who in (people.sam, people.otto, people.max))
    change(people.max.account, password_hash="chosen", verified_at=people.max.account.created_at)
    assert take(batch, chosen) is None
    assert (message(batch, chosen).status, message(batch, chosen).attempts) == (MessageStatus.CANCELLED, 0)
    assert message(batch, chosen).claimed_at is None
    claim(batch, first)
    clock.forward(seconds=61)
    assert take(batch, last) is None
    assert message(batch, last).reason == FailureReason.NUMBER_FULL
    assert _texts_today() == 1


def test_a_text_that_stop_held_back_takes_no_place_of_the_day(people: Cast) -> None:
    batch = batch_of(launch(people))
    with database.transaction() as db:
        opt_outs.record(db, channel=Channel.SMS, address=message(batch, 0).address)
    assert take(batch) is None
    assert (message(batch, 0).status, message(batch, 0).attempts) == (MessageStatus.FAILED, 0)
    assert _texts_today() == 0


def test_what_may_have_gone_before_counts_although_it_is_not_sent_again(people: Cast, clock: Clock) -> None:
    campaign, at = launch(people), clock.now
    batch = batch_of(campaign)
    found = claim(batch)
    with database.transaction() as db:
        delivery.record(db, message_id=found.message_id, outcome=Outcome(MessageStatus.UNKNOWN))
    clock.forward(minutes=5)
    with database.transaction() as db:
        unknown_messages.send_again(db, people.olga.actor, campaign_id=campaign.id or 0)
    change(people.sam.account, password_hash="chosen", verified_at=people.sam.account.created_at)
    assert take(batch) is None
    cancelled = message(batch, 0)
    assert (cancelled.status, cancelled.claimed_at, cancelled.finished_at) == (MessageStatus.CANCELLED, at, clock.now)
    assert _texts_today() == 1


def test_a_text_that_is_being_sent_again_has_no_end_and_stands_where_it_is_now(people: Cast, clock: Clock) -> None:
    campaign = launch(people)
    batch = batch_of(campaign)
    first = claim(batch)
    with database.transaction() as db:
        delivery.record(db, message_id=first.message_id, outcome=Outcome(MessageStatus.QUEUED, detail="busy"))
    clock.forward(minutes=5)
    claim(batch)
    with database.reading() as db:
        mine = {"campaign_id": campaign.id or 0, "statuses": ("sending",)}
        shown, _ = campaigns_table.outcome(db, people.olga.actor, page=Page(), **mine)
        told = [
            event.at
            for event in timeline.read(db, people.olga.actor, person_id=people.sam.person.id or 0)
            if "being sent" in event.what
        ]
    assert shown["finished_at"].isna().all()
    assert told == [clock.now]


def test_a_late_word_about_an_older_text_says_nothing_of_one_that_stop_held_back(people: Cast, clock: Clock) -> None:
    older = claim(batch_of(launch(people)))
    with database.transaction() as db:
        delivery.record(db, message_id=older.message_id, outcome=SENT)
    clock.forward(days=1)
    batch = batch_of(launch(people))
    with database.transaction() as db:
        opt_outs.record(db, channel=Channel.SMS, address=older.address)
    assert take(batch, _place_of(batch, people.sam)) is None
    clock.forward(seconds=7)
    with database.transaction() as db:
        delivery_events.store(db, channel=Channel.SMS, words=[Word("SM1", "delivered")])
        delivery_events.apply(db)
    with database.reading() as db:
        mine = db.get_one(Account, people.sam.account.id)
    assert (mine.delivery, mine.delivery_reason) == (MessageStatus.FAILED, FailureReason.OPTED_OUT)


def _place_of(batch: Batch, who: Member) -> int:
    theirs = select(MessageAccount.message_id).where(MessageAccount.account_id == who.account.id)
    with database.reading() as db:
        mine = db.exec(theirs).all()
    return next(place for place, message_id in enumerate(batch.message_ids) if message_id in mine)


def _texts_today() -> int:
    with database.reading() as db:
        own = school.settings(db)
        return own.sms_per_day - sending.room(db, own=own, channel=Channel.SMS, now=core_clock.now()).messages


def test_r88_who_wrote_stop_in_a_campaign_that_waits_or_is_over_is_no_failure(people: Cast) -> None:
    campaign = launch(people)
    batch = batch_of(campaign)
    with database.transaction() as db:
        for place in range(2):
            opt_outs.record(db, channel=Channel.SMS, address=message(batch, place).address)
        db.execute(sa.update(Campaign).values(status=CampaignStatus.PAUSED))
    assert take(batch) is None
    assert message(batch, 0).status == MessageStatus.QUEUED
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status=MessageStatus.CANCELLED))
        delivery_claims.fail(db, message(batch, 1).id or 0, Outcome(MessageStatus.FAILED, FailureReason.NUMBER_FULL))
    assert message(batch, 1).status == MessageStatus.CANCELLED
    with database.reading() as db:
        assert set(db.exec(select(Account.delivery)).all()) == {None}


def test_who_left_between_the_launch_and_the_claim_gets_no_password_by_text(people: Cast) -> None:
    batch = batch_of(launch(people))
    change(people.sam.person, status="left")
    assert take(batch) is None
    assert message(batch, 0).status == MessageStatus.CANCELLED
    assert claim(batch, 1).address == people.max.person.mobile
    with database.reading() as db:
        assert [link.account_id for link in db.exec(select(Invitation))] == [people.max.account.id]


def _at(what: str, number: str) -> dict[str, object]:
    name = "phone" if what == "the home number" else "mobile"
    return {name: number, f"{name}_region": "GR"}


def test_a_test_to_oneself_reads_as_for_somebody_of_microsoft(people: Cast) -> None:
    change(people.olga.account, sign_in_method=SignInMethod.MICROSOFT)
    change(people.olga.person, mobile="+306975555555", mobile_region="GR")
    with database.transaction() as db:
        sent = test_messages.send(db, people.olga.actor, kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=sent.campaign_id, batch=0)
    assert isinstance(batch, Batch)
    assert "OPENS-NOTHING" in claim(batch).text.text


def test_a_test_to_oneself_says_when_it_leaves(people: Cast, clock: Clock) -> None:
    decide(sms_from_hour=7, sms_until_hour=9, time_zone="Europe/Athens")
    change(people.olga.person, mobile="+306975555555", mobile_region="GR")
    texted = {"kind": CampaignKind.INITIAL_CREDENTIALS, "channel": Channel.SMS}
    with database.transaction() as db:
        sent = test_messages.send(db, people.olga.actor, **texted)
        assert (sent.opens_at, sent.is_held) == (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), False)
        sending_hold.begin(db, people.ada.actor)
        assert test_messages.send(db, people.olga.actor, **texted).is_held


def test_r78_the_money_of_the_day_is_never_overdrawn(people: Cast) -> None:
    decide(sms_price=1.0, sms_spend_per_day=3.0)
    batch = batch_of(launch(people))
    claim(batch, 0)
    claim(batch, 1)
    assert isinstance(take(batch, 2), Stop)
    assert message(batch, 2).status == MessageStatus.QUEUED


def test_wherever_the_money_of_the_day_is_named_a_person_is_told_to_resume(people: Cast) -> None:
    campaign = launch(people)
    decide(sms_price=1.0, sms_spend_per_day=1.0)
    stop = take(batch_of(campaign))
    assert isinstance(stop, Stop)
    setting = setting_words.SETTINGS["sms_spend_per_day"].sentence
    alert = alerts.sentence(AlertKind.SMS_SPEND, {"number": 80}, who="")
    for said in (stop.why, setting, alert):
        assert "resume" in said.lower() and "until tomorrow" not in said, said


@pytest.mark.postgresql
@pytest.mark.parametrize("limit", ["the money of the day", "a minute between two to one number"])
def test_r78_limits_hold_between_two_processes_that_claim_at_once(people: Cast, limit: str) -> None:
    if limit == "a minute between two to one number":
        change(people.max.person, mobile=people.sam.person.mobile)
    campaign = launch(people)
    if limit == "the money of the day":
        decide(sms_price=1.0, sms_spend_per_day=2.0)
    batch = batch_of(campaign)
    by_number = sorted(range(3), key=lambda place: message(batch, place).address)  # siblings first
    with database.transaction() as db, ThreadPoolExecutor(1) as other:
        first = delivery.claim(db, batch=batch, message_id=batch.message_ids[by_number[0]])
        second = other.submit(take, batch, by_number[1])
        assert not wait([second], timeout=0.5).done, "it waits for what the first one counts for"
        db.commit()
        assert isinstance(first, Claim)
        assert not isinstance(second.result(timeout=30), Claim)
    assert message(batch, by_number[1]).status == MessageStatus.QUEUED


def test_a_campaign_that_costs_more_than_may_be_spent_is_refused(people: Cast) -> None:
    decide(sms_price=1.0, sms_spend_per_day=2.0)
    seen = look(people)
    assert seen.sms is not None
    assert not seen.sms.is_covered
    with pytest.raises(InputProblem, match="raise the limit"):
        launch(people)


def test_texts_of_another_day_are_measured_by_the_money_of_that_day(people: Cast, clock: Clock) -> None:
    decide(sms_price=1.0, sms_spend_per_day=5.0)
    claim(batch_of(launch(people)))
    with database.transaction() as db:
        db.execute(sa.update(Message).values(segments=4, status=MessageStatus.FAILED.value))
    tomorrow = clock.now + timedelta(days=1)
    with database.reading() as db:
        today = campaigns.check(db, people.olga.actor, draft=CREDENTIALS)
        later = campaigns.check(db, people.olga.actor, draft=CREDENTIALS, starts_at=tomorrow)
    assert (today.leaves_today, later.leaves_today) == (True, False)
    assert today.sms and later.sms
    assert (today.sms.is_covered, later.sms.is_covered, later.sms.left) == (False, True, 5.0)
    with pytest.raises(InputProblem, match="on the day it leaves"):
        launch(people)
    assert launch(people, tomorrow).starts_at == tomorrow


def test_texts_leave_only_at_the_hours_of_the_school(people: Cast, clock: Clock) -> None:
    decide(sms_from_hour=7, sms_until_hour=9, time_zone="Europe/Athens")
    campaign = launch(people)
    assert campaign.starts_at == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    waiting = open_batch(campaign)
    assert isinstance(waiting, Wait)
    assert waiting.until == campaign.starts_at


def test_a_moment_outside_the_hours_is_refused(people: Cast, clock: Clock) -> None:
    decide(sms_from_hour=8, sms_until_hour=12)
    with pytest.raises(InputProblem, match="between 8:00 and 12:00"):
        launch(people, clock.now + timedelta(hours=5))


def test_a_planned_campaign_waits_for_its_moment(people: Cast, clock: Clock) -> None:
    campaign = launch(people, clock.now + timedelta(hours=2))
    assert isinstance(open_batch(campaign), Wait)
    clock.forward(seconds=2 * 3600 + 1)
    claim(batch_of(campaign))


def test_the_number_of_texts_on_one_day_is_limited(people: Cast) -> None:
    decide(sms_per_day=2)
    batch = batch_of(launch(people))
    assert (len(batch.message_ids), batch.put_off) == (2, 1)
    assert batch.next_day == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_what_messages_of_another_batch_wait_for_stays_until_then(people: Cast, clock: Clock) -> None:
    campaign, until = launch(people), clock.now + timedelta(minutes=5)
    with database.transaction() as db:
        delivery.note_put_off(db, campaign_id=campaign.id or 0, until=until, why="Twilio cannot be reached.")
        delivery.note_put_off(db, campaign_id=campaign.id or 0, until=until + timedelta(hours=1), why="Later.")
    batch_of(campaign)
    assert _waits_for(campaign) == (until, "Twilio cannot be reached.")
    clock.forward(minutes=6)
    batch_of(campaign)
    assert _waits_for(campaign) == (None, "")


def _waits_for(campaign: Campaign) -> tuple[datetime | None, str]:
    with database.reading() as db:
        return db.exec(select(Campaign.next_try_at, Campaign.next_try_why).where(col(Campaign.id) == campaign.id)).one()


def test_messages_of_one_campaign_are_to_different_people(people: Cast) -> None:
    launch(people)
    with database.reading() as db:
        assert len(set(db.exec(select(Message.address).order_by(col(Message.id))))) == 3
