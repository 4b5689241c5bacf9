"""*Needs you*: what waits for a person, for whoever can do something about it, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Campaign, CampaignStatus, Message, MessageStatus
from core.permissions import Actor
from core.rules.needs import AT_MOST, WORDS, Need
from core.services import sending_hold
from core.tables import accounts, campaigns, needs, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from core.tables.needs import Entry
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def found(actor: Actor) -> dict[Need, Entry]:
    with database.reading() as db:
        return {entry.need: entry for entry in needs.of(db, actor)}


def _set(db: Session, member: Member, **facts: object) -> None:
    db.execute(sa.update(Account).where(col(Account.id) == member.account.id).values(**facts))


def _trouble(cast: Cast, clock: Clock) -> None:
    soon = {"invited_at": clock.now - timedelta(days=6), "invitation_ends_at": clock.now + timedelta(days=1)}
    with database.transaction() as db:
        _set(db, cast.sam, delivery="failed", delivery_reason="bounced")
        _set(db, cast.max, **soon)
        _set(db, cast.otto, **soon)
        _set(db, cast.gina, pending_provider_at=clock.now)


def _campaign(clock: Clock, *statuses: MessageStatus, status: CampaignStatus, attempts: int = 0) -> int:
    with database.transaction() as db:
        facts = {"kind": "initial_invitation", "channel": "email", "wording_ids": {}, "link_days": 7}
        moments = {"launched_at": clock.now, "starts_at": clock.now - timedelta(hours=1)}
        made = Campaign(
            **facts, **moments, status=status, launched_by_label="Olga",
            idempotency_key=f"{status}-{attempts}-{len(statuses)}", recipients=1, recipients_digest="d",
            pause_reason="The mail server refuses our password.",
        )  # fmt: skip
        db.add(made)
        db.flush()
        for number, word in enumerate(statuses):
            address = {"channel": "email", "address": f"a{number}@mail.example", "language": "en"}
            known = {"reference": f"{made.id}-{number}", "status": word, "attempts": attempts}
            db.add(Message(campaign_id=made.id or 0, batch=0, **known, **address))
        return made.id or 0


def test_a_school_in_which_nothing_waits_needs_nobody(clock: Clock, cast: Cast) -> None:
    assert found(cast.olga.actor) == {}


def test_each_entry_counts_what_its_list_shows(clock: Clock, cast: Cast) -> None:
    _trouble(cast, clock)
    entries = found(cast.olga.actor)
    assert {need: entry.number for need, entry in entries.items()} == {
        Need.BOUNCED: 1,
        Need.ENDING: 2,
        Need.PENDING: 1,
    }
    with database.reading() as db:
        for entry in entries.values():
            assert isinstance(entry.behind, AccountFilter)
            assert accounts.count(db, cast.olga.actor, filter=entry.behind) == entry.number


def test_r60_whoever_cannot_act_is_told_nothing_and_nobody_hears_of_other_classes(clock: Clock, cast: Cast) -> None:
    _trouble(cast, clock)
    _campaign(clock, MessageStatus.UNKNOWN, status=CampaignStatus.RUNNING)
    for who in (cast.cora.actor, cast.tom.actor):
        assert {need: entry.number for need, entry in found(who).items()} == {Need.ENDING: 1}
    behind = found(cast.tom.actor)[Need.ENDING].behind
    assert isinstance(behind, StudentFilter)
    with database.reading() as db:
        assert students.count(db, cast.tom.actor, filter=behind) == 1


def test_campaigns_that_wait_for_a_person_are_named_with_what_they_wait_for(clock: Clock, cast: Cast) -> None:
    unknown = _campaign(clock, MessageStatus.UNKNOWN, MessageStatus.SENT, status=CampaignStatus.RUNNING)
    paused = _campaign(clock, MessageStatus.QUEUED, status=CampaignStatus.PAUSED)
    entries = found(cast.olga.actor)
    assert (entries[Need.UNKNOWN].number, entries[Need.UNKNOWN].campaign_id) == (1, unknown)
    assert (entries[Need.PAUSED].number, entries[Need.PAUSED].campaign_id) == (1, paused)
    assert entries[Need.PAUSED].why == "The mail server refuses our password."
    assert Need.NOBODY_DELIVERS not in entries


def test_messages_that_the_provider_puts_off_or_nobody_delivers_are_seen(clock: Clock, cast: Cast) -> None:
    _campaign(clock, MessageStatus.QUEUED, status=CampaignStatus.RUNNING, attempts=2)
    entries = found(cast.olga.actor)
    assert entries[Need.PUT_OFF].number == entries[Need.NOBODY_DELIVERS].number == 1
    assert list(entries) == [Need.NOBODY_DELIVERS, Need.PUT_OFF]


def test_people_whose_message_failed_through_no_fault_of_theirs_are_counted_as_their_list_shows_them(
    clock: Clock, cast: Cast
) -> None:
    with database.transaction() as db:
        for member, reason in ((cast.sam, "over_limit"), (cast.otto, "configuration"), (cast.max, "bounced")):
            _set(db, member, delivery="failed", delivery_reason=reason)
    failed = found(cast.olga.actor)[Need.FAILED]
    assert failed.number == 2
    with database.reading() as db:
        assert isinstance(failed.behind, AccountFilter)
        shown = accounts.page(db, cast.olga.actor, filter=failed.behind, page=Page(1))
    assert set(shown["username"]) == {cast.sam.account.username, cast.otto.account.username}
    assert Need.FAILED not in found(cast.cora.actor)


def test_held_sending_is_said_with_all_that_waits_and_not_as_a_missing_worker(clock: Clock, cast: Cast) -> None:
    _campaign(clock, MessageStatus.QUEUED, MessageStatus.SENT, status=CampaignStatus.RUNNING)
    _campaign(clock, MessageStatus.QUEUED, status=CampaignStatus.RUNNING)
    assert found(cast.olga.actor)[Need.NOBODY_DELIVERS].number == 2
    with database.transaction() as db:
        sending_hold.begin(db, cast.olga.actor)
    entries = found(cast.olga.actor)
    assert (list(entries), entries[Need.HELD].number) == ([Need.HELD], 2)
    assert Need.HELD not in found(cast.cora.actor)


def test_an_entry_about_several_campaigns_leads_to_those_and_no_others(clock: Clock, cast: Cast) -> None:
    unknown, queued, running = MessageStatus.UNKNOWN, MessageStatus.QUEUED, CampaignStatus.RUNNING
    first = _campaign(clock, unknown, MessageStatus.SENT, status=running)
    second = _campaign(clock, unknown, status=CampaignStatus.CANCELLED)
    put_off = _campaign(clock, queued, queued, queued, status=running, attempts=1)
    paused = {_campaign(clock, *[queued] * many, status=CampaignStatus.PAUSED) for many in (4, 5)}
    _campaign(clock, MessageStatus.SENT, status=running, attempts=7)
    entries = found(cast.olga.actor)
    assert {need: (entry.number, entry.campaign_id) for need, entry in entries.items()} == {
        Need.NOBODY_DELIVERS: (3, put_off),
        Need.PUT_OFF: (3, put_off),
        Need.PAUSED: (2, None),
        Need.UNKNOWN: (2, None),
    }
    expected = {Need.PUT_OFF: {put_off}, Need.UNKNOWN: {first, second}, Need.PAUSED: paused, Need.BOUNCED: set()}
    with database.reading() as db:
        for need, those in expected.items():
            only = needs.campaigns(db, cast.olga.actor, need=need)
            assert set(only) == those
            assert campaigns.count(db, cast.olga.actor, only=only) == len(those)
            assert set(campaigns.newest(db, cast.olga.actor, page=Page(1), only=only)["id"]) == those


def test_every_need_has_words_and_at_most_seven_are_shown() -> None:
    assert set(WORDS) == set(Need)
    assert AT_MOST == 7
    assert WORDS[Need.BOUNCED].sentence(1_234) == "1,234 addresses bounced."
