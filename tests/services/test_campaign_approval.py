"""R32: a campaign to very many leaves when another administrator has looked at it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, select

from core import database
from core.config import settings
from core.errors import Conflict, NotAllowed
from core.models import AuditEntry, Campaign, CampaignStatus, Message, MessageStatus, SchoolSettings
from core.permissions import Actor, Role
from core.rules.needs import Need
from core.services import campaign_approval, campaign_moves, campaigns, delivery, school, wordings
from core.services.campaigns import Check, Draft
from core.tables import needs
from core.tables.filters import AccountFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

STUDENTS = Draft(filter=AccountFilter(user_types=("student",)))


@pytest.fixture
def second(cast: Cast) -> Actor:
    """Tom administers too, and above two people one of them looks at what the other sends."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        make.role(db, account=cast.tom.account, role=Role.ADMINISTRATOR)
        db.get_one(SchoolSettings, 1).second_administrator_above = 2
    return make.actor(cast.tom.account, Role.ADMINISTRATOR)


def _look(actor: Actor) -> Check:
    with database.reading() as db:
        return campaigns.check(db, actor, draft=STUDENTS)


def _launch(actor: Actor) -> int:
    seen = _look(actor).fingerprint
    with database.transaction() as db:
        return campaigns.launch(db, actor, draft=STUDENTS, seen=seen, idempotency_key=seen).id or 0


def _approve(actor: Actor, campaign_id: int) -> None:
    with database.transaction() as db:
        campaign_approval.approve(db, actor, campaign_id=campaign_id)


def _status(campaign_id: int) -> str:
    with database.reading() as db:
        return db.get_one(Campaign, campaign_id).status


def test_r32_the_check_says_so_and_nothing_leaves_before_the_other_has_looked(
    clock: Clock, cast: Cast, second: Actor
) -> None:
    assert _look(cast.ada.actor).waits_for_approval
    launched = _launch(cast.ada.actor)
    assert _status(launched) == CampaignStatus.PAUSED
    clock.now += timedelta(hours=1)
    with database.transaction() as db:
        assert delivery.open_batch(db, campaign_id=launched, batch=0) is None
    _approve(second, launched)
    with database.reading() as db:
        campaign = db.get_one(Campaign, launched)
        assert (campaign.status, campaign.needs_approval, campaign.pause_reason) == (CampaignStatus.RUNNING, False, "")
        assert campaign.starts_at == clock.now + timedelta(seconds=settings().grace_seconds)
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.approved")).one()
    assert (entry.account_id, entry.object_id) == (second.account_id, launched)


def test_r32_one_alone_cannot_start_it_in_any_way(cast: Cast, second: Actor) -> None:
    launched = _launch(cast.ada.actor)
    with pytest.raises(NotAllowed, match="yourself"):
        _approve(cast.ada.actor, launched)
    with pytest.raises(NotAllowed):
        _approve(cast.olga.actor, launched)
    for actor in (cast.ada.actor, cast.olga.actor, second):
        with pytest.raises(Conflict, match="Another administrator"), database.transaction() as db:
            campaign_moves.resume(db, actor, campaign_id=launched)
    with database.reading() as db:
        assert set(db.exec(select(Message.status))) == {MessageStatus.QUEUED}
    assert _status(launched) == CampaignStatus.PAUSED


def test_r32_whoever_launched_it_may_still_cancel_it_and_then_there_is_nothing_to_approve(
    cast: Cast, second: Actor
) -> None:
    launched = _launch(cast.olga.actor)
    with database.transaction() as db:
        assert campaign_moves.cancel(db, cast.olga.actor, campaign_id=launched) == 3
    with pytest.raises(Conflict, match="quicker"):
        _approve(second, launched)


def test_r32_two_who_approve_at_once_approve_it_once(cast: Cast, second: Actor) -> None:
    launched, both, heard = _launch(cast.olga.actor), threading.Barrier(2), []

    def press(actor: Actor) -> None:
        both.wait()
        try:
            with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                campaign_approval.approve(db, actor, campaign_id=launched)
            heard.append("approved")
        except Conflict:
            heard.append("quicker")

    threads = [threading.Thread(target=press, args=(actor,)) for actor in (cast.ada.actor, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == ["approved", "quicker"]
    with database.reading() as db:
        assert len(db.exec(select(AuditEntry).where(col(AuditEntry.action) == "campaign.approved")).all()) == 1


def test_up_to_the_number_and_with_the_setting_off_nothing_waits(cast: Cast, second: Actor) -> None:
    for above in (3, 0):
        with database.transaction() as db:
            db.get_one(SchoolSettings, 1).second_administrator_above = above
        assert not _look(cast.ada.actor).waits_for_approval
    assert _status(_launch(cast.ada.actor)) == CampaignStatus.RUNNING


def test_it_needs_the_other_administrator_and_nobody_else(cast: Cast, second: Actor) -> None:
    launched = _launch(cast.ada.actor)

    def waits_for(actor: Actor) -> bool:
        with database.reading() as db:
            found = {entry.need: entry for entry in needs.of(db, actor)}
        assert Need.PAUSED not in found
        return Need.APPROVAL in found and found[Need.APPROVAL].campaign_id == launched

    assert [waits_for(actor) for actor in (second, cast.ada.actor, cast.olga.actor)] == [True, False, False]


def test_a_school_with_one_administrator_cannot_have_a_second_one_asked(cast: Cast) -> None:
    with pytest.raises(Conflict, match="only one administrator"), database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes={"second_administrator_above": 100})
