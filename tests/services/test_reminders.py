"""Unanswered invitations are sent again: to whom, how often, and never because somebody asked twice."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import config, database
from core.delivery import batches
from core.delivery import reminders as delivery
from core.errors import NotAllowed
from core.models import (
    Account,
    AuditEntry,
    Campaign,
    CampaignKind,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Purpose,
    ReminderRun,
    SchoolSettings,
    Superseded,
)
from core.permissions import visitor
from core.rules.reachability import Refusal
from core.rules.reminders import NotReminded
from core.services import account_acts, activation, invitations, reminders, school, wordings
from core.services.reminders import Foreseen
from core.tables.recipients import Recipient
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases
TODAY = date(2026, 11, 23)  # the day of the clock; it is 11:00 in Athens


@pytest.fixture
def people(cast: Cast, clock: Clock) -> Cast:
    """Sam was invited by e-mail six days ago, Max five, Otto four; reminders are on; nothing leaves this machine."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.merge(SchoolSettings(id=1, school_name="Athena School", is_demo=True, reminders=True))
    for member, days in ((cast.sam, 6), (cast.max, 5), (cast.otto, 4)):
        invite(member, days=days)
    return cast


def invite(member: Member, *, days: int, channel: str = Channel.EMAIL) -> None:
    at = core_clock.now() - timedelta(days=days)
    with database.transaction() as db:
        issued = invitations.issue_link(
            db, account_id=id_of(member), channel=channel, address=member.person.personal_email, days=7
        )
        db.execute(sa.update(Invitation).where(col(Invitation.id) == issued.invitation_id).values(issued_at=at))
        values = {"invited_at": at, "invitation_ends_at": at + timedelta(days=7), "times_invited": 1}
        db.execute(sa.update(Account).where(col(Account.id) == member.account.id).values(**values))


def id_of(member: Member) -> int:
    return member.account.id or 0


def set_up(**changes: Any) -> None:
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(**changes))


def foresee(who: Member) -> Foreseen:
    with database.reading() as db:
        return reminders.foresee(db, who.actor)


def run(day: date = TODAY) -> int:
    campaign_id = delivery.run(day)
    if campaign_id:
        batches.send(campaign_id, 0)
    return campaign_id


def reminded(campaign_id: int) -> set[int]:
    with database.reading() as db:
        return set(db.exec(select(MessageAccount.account_id).where(MessageAccount.campaign_id == campaign_id)))


def test_whoever_has_not_answered_for_the_days_set_is_reminded_and_nobody_else(people: Cast) -> None:
    seen = foresee(people.olga)
    assert (seen.on, seen.will, seen.not_due) == (True, 2, {NotReminded.TOO_SOON: 1})
    assert set(seen.people["Username"]) == {people.sam.account.username, people.max.account.username}
    assert reminded(run()) == {id_of(people.sam), id_of(people.max)}


def test_r17_the_new_link_ends_the_old_one(people: Cast) -> None:
    run()
    with database.reading() as db:
        links = db.exec(select(Invitation).where(Invitation.account_id == people.sam.account.id)).all()
    old, new = sorted(links, key=lambda link: link.id or 0)
    assert (old.superseded_because, new.superseded_at) == (Superseded.REPLACED, None)


def test_a_run_is_a_campaign_that_firstkey_itself_launched_and_the_audit_says_so(people: Cast) -> None:
    campaign_id = run()
    with database.reading() as db:
        campaign = db.get_one(Campaign, campaign_id)
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.launched")).one()
        made = db.get_one(ReminderRun, TODAY)
    assert (campaign.kind, campaign.launched_by) == (CampaignKind.REMINDER, None)
    assert (entry.actor, entry.account_id, entry.object_id) == ("system, reminders", None, campaign_id)
    assert entry.details["recipients"] == 2
    assert (made.campaign_id, made.reminded) == (campaign_id, 2)


def test_there_is_one_run_a_day_although_eight_workers_make_it_at_once(people: Cast) -> None:
    barrier, made = threading.Barrier(8), list[int]()

    def make() -> None:
        barrier.wait()
        made.append(delivery.run(TODAY))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([campaign_id for campaign_id in made if campaign_id]) == 1
    with database.reading() as db:
        assert len(db.exec(select(Campaign)).all()) == 1


def test_f12_a_clock_that_jumps_makes_no_second_run(people: Cast, clock: Clock) -> None:
    assert run()
    clock.forward(hours=-1)
    assert not run()
    clock.forward(hours=4)
    assert not run()
    clock.forward(days=-1)  # a run for yesterday: nobody is due a second time
    assert not run(TODAY - timedelta(days=1))


def test_a_run_of_another_day_is_not_caught_up(people: Cast) -> None:
    assert not run(TODAY - timedelta(days=1))
    assert not run(TODAY + timedelta(days=1))


def test_nobody_is_reminded_sooner_than_set_nor_more_often(people: Cast, clock: Clock) -> None:
    names = {id_of(getattr(people, name)): name for name in ("sam", "max", "otto")}
    found: dict[int, set[str]] = {}
    for day in range(13):
        if campaign_id := run(TODAY + timedelta(days=day)):
            found[day] = {names[account_id] for account_id in reminded(campaign_id)}
        clock.forward(days=1)
    assert found == {0: {"sam", "max"}, 1: {"otto"}, 5: {"sam", "max"}, 6: {"otto"}}
    assert foresee(people.olga).not_due == {NotReminded.ENOUGH: 3}


def foreseen_names(people: Cast, *, following: bool = False) -> tuple[datetime, set[str]]:
    with database.reading() as db:
        said = reminders.foresee(db, people.olga.actor, following=following)
    assert said.will == len(said.people)
    return said.at, set(said.people["Username"])


def names_in(campaign_id: int) -> set[str]:
    ids = reminded(campaign_id)
    with database.reading() as db:
        return set(db.exec(select(Account.username).where(col(Account.id).in_(ids))))


@pytest.mark.parametrize("after_days", [2, 3, 5])
@pytest.mark.parametrize("hour", [4.0, 9.0, 15.5])  # 06:00, 11:00 and 17:30 in Athens
def test_each_run_is_what_the_day_before_and_the_morning_have_shown(
    people: Cast, clock: Clock, after_days: int, hour: float
) -> None:
    """Over three weeks, whenever somebody looks: before the run of the day, in its hours, and after it."""
    set_up(reminder_after_days=after_days, reminders_at_most=4)
    invite(people.gina, days=1)
    last = dict[str, date]()
    for number in range(21):
        day = TODAY + timedelta(days=number)
        clock.set(datetime.combine(day, time(), UTC) + timedelta(hours=hour))
        (at, today), (then, tomorrow) = foreseen_names(people), foreseen_names(people, following=True)
        assert (at.date(), then.date()) == (day, day + timedelta(days=1))
        assert not today & tomorrow, "whoever is reminded today is not in tomorrow's"
        clock.set(max(at, core_clock.now()) + timedelta(minutes=number % 7))  # runs are a little late, or hours
        done = names_in(run(day))
        assert done == today
        assert foreseen_names(people) == (then, tomorrow), "when today's is made, tomorrow's is still what was shown"
        assert all(day - last.get(name, date.min) >= timedelta(days=after_days) for name in done)
        last |= dict.fromkeys(done, day)
    assert len(last) == 4


def test_a_reminder_that_nobody_knows_of_counts_as_one_that_came(people: Cast, clock: Clock) -> None:
    """It may lie in their mailbox: they are not written to again before their days are over."""
    campaign_id = delivery.run(TODAY)
    with database.transaction() as db:
        gone = {"status": MessageStatus.UNKNOWN.value, "claimed_at": clock.now}
        db.execute(sa.update(Message).where(col(Message.campaign_id) == campaign_id).values(**gone))
    again: dict[int, set[int]] = {}
    for day in range(1, 6):
        clock.forward(days=1)
        if made := run(TODAY + timedelta(days=day)):
            again[day] = reminded(made)
    assert again == {1: {id_of(people.otto)}, 5: {id_of(people.sam), id_of(people.max)}}


def test_an_invitation_by_hand_begins_the_count_anew(people: Cast, clock: Clock) -> None:
    set_up(reminders_at_most=1)
    run()
    clock.forward(days=5)
    assert foresee(people.olga).not_due[NotReminded.ENOUGH] == 2
    with database.transaction() as db:
        campaign = db.exec(select(Campaign)).one()
        again = Campaign(
            **{**campaign.model_dump(exclude={"id"}), "kind": "initial_invitation", "idempotency_key": "k"}
        )
        to = [Recipient(id_of(people.sam), "sam@mail.example", "en")]
        number = invitations.queue(db, campaign=again, to=to)
    batches.send(number, 0)
    clock.forward(days=5)
    assert foresee(people.olga).not_due == {NotReminded.ENOUGH: 1}


def test_answers_and_what_was_handed_over_on_paper_are_left_alone(people: Cast) -> None:
    invite(people.gina, days=9, channel=Channel.PAPER)
    with database.transaction() as db:
        db.execute(
            sa.update(Account).where(col(Account.id) == people.sam.account.id).values(verified_at=core_clock.now())
        )
        people.max.person.use_personal_email = False
        db.add(people.max.person)
    seen = foresee(people.olga)
    assert (seen.will, seen.unreachable) == (0, {Refusal.PERSONAL_EMAIL_OFF: 1})
    assert seen.not_due == {NotReminded.TOO_SOON: 1, NotReminded.OTHER_WAY: 1}
    assert not run()
    with database.reading() as db:
        people_found = reminders.left_out(db, people.olga.actor, reason=NotReminded.OTHER_WAY)
        unreachable = reminders.left_out(db, people.olga.actor, reason=Refusal.PERSONAL_EMAIL_OFF)
    assert list(people_found["First name"]) == ["Gina"]
    assert list(unreachable["First name"]) == ["Max"]


def test_whoever_waits_for_a_message_is_not_written_to_twice(people: Cast) -> None:
    assert delivery.run(TODAY)  # launched, nothing sent yet
    assert foresee(people.olga).not_due == {NotReminded.WAITING: 2}
    with database.reading() as db:
        assert len(db.exec(select(Message)).all()) == 2


def test_switched_off_outside_the_hours_or_without_a_mail_server_nothing_is_due(people: Cast, clock: Clock) -> None:
    assert delivery.day_due() == TODAY
    set_up(reminder_hour=12)
    assert delivery.day_due() is None
    set_up(reminder_hour=10, is_demo=False)
    assert config.settings().email == "outbox"
    assert delivery.day_due() is None
    set_up(is_demo=True, reminders=False)
    assert delivery.day_due() is None
    assert not run()


def test_a_day_on_which_nobody_is_due_is_over_all_the_same(people: Cast) -> None:
    set_up(reminder_after_days=20)
    assert not run()
    set_up(reminder_after_days=2)
    assert delivery.day_due() is None
    assert not run()


def test_office_looks_and_a_teacher_does_not(people: Cast) -> None:
    with pytest.raises(NotAllowed):
        foresee(people.tom)
    with pytest.raises(NotAllowed), database.transaction() as db:
        school.change_settings(db, people.olga.actor, changes={"reminders": False})


def test_more_people_than_a_person_may_write_to_without_more_ado_are_reminded_by_the_order_of_the_school(
    people: Cast,
) -> None:
    set_up(typed_count_above=1, fresh_code_above=1)
    assert len(reminded(run())) == 2


def test_a_deactivated_account_is_not_reminded(people: Cast) -> None:
    with database.transaction() as db:
        ids = [id_of(people.sam)]
        seen = account_acts.check(db, people.ada.actor, act=account_acts.Act.DEACTIVATE, account_ids=ids)
        account_acts.carry_out(db, people.ada.actor, act=account_acts.Act.DEACTIVATE, account_ids=ids, seen=seen.seen)
    assert foresee(people.olga).will == 1


def test_the_link_of_a_reminder_opens_the_account(people: Cast) -> None:
    run()
    with database.reading() as db:
        link = db.exec(
            select(Invitation).where(
                Invitation.account_id == people.sam.account.id,
                Invitation.purpose == Purpose.LINK,
                col(Invitation.superseded_at).is_(None),
            )
        ).one()
        same = invitations.same_again(db, invitation_id=link.id or 0)
        assert same is not None
        offer = activation.look_up(db, visitor(), token=same.token)
    assert offer.username == people.sam.account.username
