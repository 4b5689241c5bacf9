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
from core.tables import accounts, needs, students
from core.tables.filters import AccountFilter, StudentFilter
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
            **facts, **moments, status=status, idempotency_key=str(len(statuses)), launched_by_label="Olga",
            recipients=1, recipients_digest="d", pause_reason="The mail server refuses our password.",
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


def test_every_need_has_words_and_at_most_seven_are_shown() -> None:
    assert set(WORDS) == set(Need)
    assert AT_MOST == 7
    assert WORDS[Need.BOUNCED].sentence(1_234) == "1,234 addresses bounced."
