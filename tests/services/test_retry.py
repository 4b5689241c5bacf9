"""Retry what a campaign failed to send: to those alone whom nothing has reached since."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.errors import Conflict
from core.models import Campaign, CampaignKind, Channel, Message, MessageAccount, MessageStatus
from core.rules.reachability import Refusal
from core.rules.words import SENT_LATELY, SENT_SINCE
from core.services import (
    address_changes,
    campaigns,
    drafts,
    invitations,
    selections,
    selections_beside,
    unknown_messages,
    wordings,
)
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import accounts, left_out, selection_rows, students
from core.tables import campaigns as table
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests.cast import Cast, Member

pytestmark = pytest.mark.both_databases
STUDENTS = Draft(filter=AccountFilter(user_types=("student",)), again=True)


@pytest.fixture
def failed(cast: Cast) -> Cast:
    """Three days ago a campaign failed to reach Sam, Max and Otto."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    stands(cast, launch(cast, "old"), MessageStatus.FAILED, days_ago=3)
    return cast


def launch(cast: Cast, key: str, draft: Draft = STUDENTS) -> int:
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft)
        launched = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen.fingerprint, idempotency_key=key)
        return launched.id or 0


def stands(
    cast: Cast, campaign_id: int, status: MessageStatus, *, days_ago: float, only: tuple[Member, ...] = ()
) -> None:
    """What became of the messages of a campaign, all or of these people, and when they were tried."""
    tried = clock.now() - timedelta(days=days_ago)
    of_it = [col(Message.campaign_id) == campaign_id]
    if only:
        ties = sa.select(col(MessageAccount.message_id))
        ties = ties.where(col(MessageAccount.account_id).in_([one.account.id for one in only]))
        of_it.append(col(Message.id).in_(ties))
    values = {"status": status.value, "claimed_at": tried, "finished_at": tried, "attempts": 1}
    with database.transaction() as db:
        db.execute(sa.update(Message).where(*of_it).values(**values))


def retry(cast: Cast) -> Draft:
    """What the button *Retry failed* of the old campaign asks for."""
    with database.transaction() as db:
        old = db.exec(select(col(Campaign.id)).order_by(col(Campaign.id))).first() or 0
        whom = table.people_with(db, cast.olga.actor, campaign_id=old, statuses=(MessageStatus.FAILED,))
        selection = selections_beside.of_campaign(db, cast.olga.actor, account_ids=whom)
    return Draft(selection_id=selection, retry_of=old)


def look(cast: Cast, draft: Draft) -> Check:
    with database.reading() as db:
        return campaigns.check(db, cast.olga.actor, draft=draft)


def test_a_retry_goes_to_all_whom_nothing_has_reached_since(failed: Cast) -> None:
    seen = look(failed, retry(failed))
    assert (seen.receive, seen.skipped, seen.lately) == (3, {}, None)


@pytest.mark.parametrize(
    "status", [MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN, MessageStatus.SENDING]
)
def test_whom_a_later_campaign_reached_or_may_have_is_left_out_of_the_retry(
    failed: Cast, status: MessageStatus
) -> None:
    later = launch(failed, "later")
    stands(failed, later, MessageStatus.FAILED, days_ago=2)
    stands(failed, later, status, days_ago=2, only=(failed.sam,))
    draft = retry(failed)
    seen = look(failed, draft)
    assert (seen.receive, seen.skipped) == (2, {SENT_SINCE: 1})
    assert look(failed, Draft(**{**vars(draft), "again": True})).receive == 2, "once is enough, whatever is ticked"
    with database.reading() as db:
        left = drafts.left_out(db, failed.olga.actor, draft=draft, reason=SENT_SINCE)
    assert list(left["First name"]) == ["Sam"]


def test_the_campaign_that_a_retry_makes_says_whom_it_left_out(failed: Cast) -> None:
    stands(failed, launch(failed, "later"), MessageStatus.DELIVERED, days_ago=2)
    launched = launch(failed, "other", Draft(filter=AccountFilter(user_types=("guardian",))))
    stands(failed, launched, MessageStatus.SENT, days_ago=1)
    with database.transaction() as db:
        ties = sa.select(col(MessageAccount.message_id)).where(col(MessageAccount.account_id) == failed.otto.account.id)
        failure = {"status": MessageStatus.FAILED.value}
        db.execute(sa.update(Message).where(col(Message.id).in_(ties)).values(**failure))
    made = launch(failed, "retry", retry(failed))
    with database.reading() as db:
        campaign = db.get_one(Campaign, made)
        assert (campaign.recipients, campaign.skipped) == (1, {SENT_SINCE: 2})
        named = left_out.page(db, failed.olga.actor, campaign_id=made, reason=SENT_SINCE, page=Page())
    assert sorted(named["first_name"]) == ["Max", "Sam"]


def test_what_waits_to_be_sent_counts_too_and_a_second_retry_writes_to_nobody(failed: Cast) -> None:
    launch(failed, "retry", retry(failed))
    seen = look(failed, retry(failed))
    assert (seen.receive, seen.skipped) == (0, {SENT_SINCE: 3})


def test_what_was_sent_before_the_failure_or_is_another_message_does_not_count(failed: Cast) -> None:
    stands(failed, launch(failed, "earlier"), MessageStatus.SENT, days_ago=4)
    stands(failed, launch(failed, "in vain"), MessageStatus.CANCELLED, days_ago=1)
    by_sms = launch(failed, "as if by sms")
    stands(failed, by_sms, MessageStatus.SENT, days_ago=1)
    reminder = launch(failed, "as if a reminder")
    stands(failed, reminder, MessageStatus.SENT, days_ago=1)
    with database.transaction() as db:
        texts = sa.update(Message).where(col(Message.campaign_id) == by_sms)
        db.execute(texts.values(channel=Channel.SMS.value))
        of_it = sa.update(Campaign).where(col(Campaign.id) == reminder)
        db.execute(of_it.values(kind=CampaignKind.REMINDER.value))
    assert look(failed, retry(failed)).receive == 3


def test_a_failure_that_the_provider_took_back_is_not_sent_again(failed: Cast) -> None:
    draft = retry(failed)
    stands(failed, draft.retry_of or 0, MessageStatus.DELIVERED, days_ago=3, only=(failed.max,))
    seen = look(failed, draft)
    assert (seen.receive, seen.skipped) == (2, {SENT_SINCE: 1})


def test_a_reason_opens_the_list_of_exactly_these_people(failed: Cast) -> None:
    later = launch(failed, "later")
    stands(failed, later, MessageStatus.FAILED, days_ago=0.1)
    stands(failed, later, MessageStatus.DELIVERED, days_ago=0.1, only=(failed.sam, failed.otto))
    with database.transaction() as db:
        failed.otto.person.use_personal_email = False
        db.add(failed.otto.person)
    shown = AccountFilter(of_check="yes")
    for draft, reason in (
        (retry(failed), SENT_SINCE),
        (Draft(filter=AccountFilter(user_types=("student",))), SENT_LATELY),
        (retry(failed), Refusal.PERSONAL_EMAIL_OFF),
    ):
        check = look(failed, draft)
        with database.transaction() as db:
            assert drafts.open_left_out(db, failed.olga.actor, draft=draft, reason=reason) == "accounts"
            mine = set(db.scalars(accounts.matching(db, failed.olga.actor, filter=shown)))
            assert accounts.count(db, failed.olga.actor, filter=shown) == len(mine)
            assert set(db.scalars(accounts.matching(db, failed.ada.actor, filter=shown))) == set()
        expected = failed.otto if reason is Refusal.PERSONAL_EMAIL_OFF else failed.sam
        assert mine == {expected.account.id}
        assert len(mine) == (check.lately.people if reason == SENT_LATELY and check.lately else check.skipped[reason])


def test_people_chosen_in_the_students_list_are_shown_there(failed: Cast) -> None:
    stands(failed, launch(failed, "later"), MessageStatus.SENT, days_ago=0.1)
    actor = failed.olga.actor
    with database.transaction() as db:
        ticked = {failed.sam.person.id or 0, failed.max.person.id or 0}
        selections.tick(db, actor, list_name="students", on=ticked)
        draft = Draft(selection_id=selections.current(db, actor, list_name="students").id)
        assert drafts.open_left_out(db, actor, draft=draft, reason=SENT_LATELY) == "students"
        assert set(db.scalars(students.matching(db, actor, filter=StudentFilter(of_check="yes")))) == ticked
        assert selection_rows.size(db, actor, selection_id=draft.selection_id or 0) == 2, "the selection stays"


def test_what_may_have_been_sent_is_not_sent_again_over_a_later_campaign(failed: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status=MessageStatus.UNKNOWN.value))
        old = db.scalar(sa.select(col(Campaign.id))) or 0
    later = launch(failed, "later")
    stands(failed, later, MessageStatus.CANCELLED, days_ago=1)
    stands(failed, later, MessageStatus.SENT, days_ago=1, only=(failed.max,))
    with database.transaction() as db:
        again = unknown_messages.send_again(db, failed.olga.actor, campaign_id=old)
    assert (again.sent, again.left_out) == (2, 1)
    with pytest.raises(Conflict, match="later campaign"), database.transaction() as db:
        unknown_messages.send_again(db, failed.olga.actor, campaign_id=old)


def test_what_may_have_been_sent_is_not_sent_again_when_its_link_was_replaced(failed: Cast) -> None:
    with database.transaction() as db:
        carried = invitations.issue_link(
            db, account_id=failed.sam.account.id or 0, channel="email", address="old@mail.example", days=30
        )
        tie = sa.update(MessageAccount).where(col(MessageAccount.account_id) == failed.sam.account.id)
        db.execute(tie.values(invitation_id=carried.invitation_id))
        db.execute(sa.update(Message).values(status=MessageStatus.UNKNOWN.value))
        old = db.scalar(sa.select(col(Campaign.id))) or 0
        address_changes.close(db, [(failed.sam.account.id or 0, "old@mail.example")])
        again = unknown_messages.send_again(db, failed.olga.actor, campaign_id=old)
    assert (again.sent, again.left_out) == (2, 1)
