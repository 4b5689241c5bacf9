"""One message at a time: claimed once, marked once, and the account knows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.models import (
    Account,
    Campaign,
    Channel,
    FailureReason,
    Invitation,
    Message,
    MessageStatus,
    Person,
    PersonStatus,
    SignInMethod,
    Superseded,
)
from core.permissions import visitor
from core.rules import initial_credentials
from core.rules.delivery_status import Outcome
from core.services import activation, campaign_moves, campaigns, delivery, invitations, people, wordings
from core.services.campaigns import Draft
from core.services.delivery_claims import Batch, Claim
from core.tables import unfinished
from core.tables.filters import AccountFilter
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

SENT = Outcome(MessageStatus.SENT, provider_id="<x@school.example>")


@pytest.fixture
def campaign(clock: Clock, cast: Cast) -> Campaign:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    draft = Draft(filter=AccountFilter(user_types=("student",)))
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        return campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)


def batch_of(campaign: Campaign) -> Batch:
    with database.transaction() as db:
        found = delivery.open_batch(db, campaign_id=campaign.id or 0, batch=0)
    assert found is not None
    return found


def claim(batch: Batch, place: int = 0) -> Claim:
    with database.transaction() as db:
        found = delivery.claim(db, batch=batch, message_id=batch.message_ids[place])
    assert found is not None
    return found


def record(found: Claim, outcome: Outcome) -> None:
    with database.transaction() as db:
        delivery.record(db, message_id=found.message_id, outcome=outcome)


def message(found: Claim) -> Message:
    with database.reading() as db:
        return db.exec(select(Message).where(Message.id == found.message_id)).one()


def account(found: Claim) -> Account:
    with database.reading() as db:
        return db.exec(select(Account).where(Account.id == found.account_id)).one()


def links() -> list[Invitation]:
    with database.reading() as db:
        return list(db.exec(select(Invitation).order_by(col(Invitation.id))))


def token_in(found: Claim) -> str:
    line = next(line for line in found.text.text.splitlines() if "/i/" in line)
    return line.rpartition("/")[2]


def test_f15_a_message_is_claimed_by_one_of_twenty(campaign: Campaign) -> None:
    batch, barrier, won = batch_of(campaign), threading.Barrier(20), []

    def grab() -> None:
        barrier.wait()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            found = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
        if found:
            won.append(found)

    threads = [threading.Thread(target=grab) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(links()) == 1


def test_r91_the_text_holds_a_working_link_that_is_stored_nowhere(campaign: Campaign, cast: Cast) -> None:
    found = claim(batch_of(campaign))
    token = token_in(found)
    with database.reading() as db:
        offer = activation.look_up(db, visitor(), token=token)
    assert offer.is_live
    assert links()[0].token_hash == initial_credentials.token_hash(token)
    assert token not in repr(found) + repr(message(found)) + repr(links())


def test_r17_what_was_put_off_is_not_sent_to_an_address_that_was_changed_meanwhile(
    campaign: Campaign, cast: Cast
) -> None:
    batch = batch_of(campaign)
    found = claim(batch)
    with database.transaction() as db:
        sam = db.get_one(Person, cast.sam.person.id)
        new = {"personal_email": "new@mail.example"}
        people.save(db, cast.olga.actor, person_id=sam.id or 0, seen=sam.updated_at, **new)
    record(found, Outcome(MessageStatus.QUEUED, detail="try again later"))
    with database.transaction() as db:
        assert delivery.claim(db, batch=batch, message_id=found.message_id) is None
    assert (message(found).status, message(found).detail) == (MessageStatus.CANCELLED, "the address was changed")
    assert [link.superseded_because for link in links()] == [Superseded.ADDRESS_CHANGED]


def test_what_is_put_off_while_its_campaign_is_cancelled_does_not_wait_for_ever(campaign: Campaign, cast: Cast) -> None:
    found = claim(batch_of(campaign))
    with database.transaction() as db:
        assert campaign_moves.cancel(db, cast.olga.actor, campaign_id=campaign.id or 0) == 2
    record(found, Outcome(MessageStatus.QUEUED, detail="try again later"))
    assert (message(found).status, message(found).detail) == (MessageStatus.CANCELLED, "try again later")
    assert account(found).delivery is None


def test_what_was_left_waiting_by_a_cancelled_campaign_counts_for_nobody_and_is_swept(
    campaign: Campaign, cast: Cast
) -> None:
    found = claim(batch_of(campaign))
    with database.transaction() as db:
        campaign_moves.cancel(db, cast.olga.actor, campaign_id=campaign.id or 0)
        db.execute(sa.update(Message).where(col(Message.id) == found.message_id).values(status="queued"))
    with database.reading() as db:
        draft = Draft(filter=AccountFilter(user_types=("student",)))
        assert campaigns.check(db, cast.olga.actor, draft=draft).receive == 3
    with database.transaction() as db:
        assert delivery.open_batch(db, campaign_id=campaign.id or 0, batch=0) is None
    assert message(found).status == MessageStatus.CANCELLED


def test_r18_links_are_built_from_the_configured_address(campaign: Campaign) -> None:
    assert "http://localhost:8501/i/" in claim(batch_of(campaign)).text.text


def test_sent_makes_the_account_invited_until_the_link_ends(campaign: Campaign, clock: Clock) -> None:
    found = claim(batch_of(campaign))
    record(found, SENT)
    assert message(found).status == MessageStatus.SENT
    mine = account(found)
    assert (mine.invited_at, mine.times_invited, mine.delivery) == (clock.now, 1, "sent")
    assert mine.invitation_ends_at == links()[0].expires_at == clock.now + timedelta(days=7)
    assert mine.delivery_address == found.address


def test_written_to_the_outbox_of_a_real_school_invites_nobody(campaign: Campaign) -> None:
    found = claim(batch_of(campaign))
    record(found, Outcome(MessageStatus.WRITTEN))
    assert message(found).status == MessageStatus.WRITTEN
    assert (account(found).invited_at, account(found).delivery) == (None, None)


def test_a_refused_address_is_remembered_with_its_reason(campaign: Campaign) -> None:
    found = claim(batch_of(campaign))
    record(found, Outcome(MessageStatus.FAILED, FailureReason.BAD_ADDRESS, "refused (550)"))
    mine = account(found)
    assert (mine.delivery, mine.delivery_reason, mine.delivery_address) == ("failed", "bad_address", found.address)
    assert mine.invited_at is None


def test_a_retry_repeats_the_same_link_and_reference(campaign: Campaign, clock: Clock) -> None:
    first = claim(batch_of(campaign))
    record(first, Outcome(MessageStatus.QUEUED, detail="put off (451)"))
    clock.forward(minutes=5)
    again = claim(batch_of(campaign))
    assert (again.attempt, again.reference) == (2, first.reference)
    assert again.text.text == first.text.text
    assert len(links()) == 1


def test_r17_a_new_message_ends_the_link_of_the_older_one_only_when_it_goes_out(campaign: Campaign, cast: Cast) -> None:
    first = claim(batch_of(campaign))
    record(first, SENT)
    draft = Draft(filter=AccountFilter(user_types=("student",)), again=True)
    with database.transaction() as db:
        seen = campaigns.check(db, cast.olga.actor, draft=draft).fingerprint
        second = campaigns.launch(db, cast.olga.actor, draft=draft, seen=seen, idempotency_key=seen)
    assert links()[0].superseded_at is None
    claim(batch_of(second))
    old, new = links()
    assert (old.superseded_because, new.superseded_at) == (Superseded.REPLACED, None)


@pytest.mark.parametrize("fact", ["deactivated_at", "first_sign_in_at"])
def test_who_was_deactivated_or_signed_in_meanwhile_gets_nothing(campaign: Campaign, cast: Cast, fact: str) -> None:
    with database.transaction() as db:
        setattr(cast.sam.account, fact, cast.sam.account.created_at)
        db.add(cast.sam.account)
    batch = batch_of(campaign)
    with database.transaction() as db:
        assert delivery.claim(db, batch=batch, message_id=batch.message_ids[0]) is None
    with database.reading() as db:
        dropped = db.exec(select(Message).where(Message.id == batch.message_ids[0])).one()
    assert (dropped.status, dropped.detail) == (MessageStatus.CANCELLED, "not needed any more")
    assert links() == []


def test_who_left_between_the_launch_and_the_claim_gets_no_link(campaign: Campaign, cast: Cast) -> None:
    _leave(cast.sam)
    batch = batch_of(campaign)
    with database.transaction() as db:
        claims = [delivery.claim(db, batch=batch, message_id=message_id) for message_id in batch.message_ids]
    assert [isinstance(one, Claim) for one in claims] == [False, True, True], "nobody but Sam is left out"
    with database.reading() as db:
        dropped = db.exec(select(Message).where(Message.id == batch.message_ids[0])).one()
    assert (dropped.status, dropped.detail) == (
        MessageStatus.CANCELLED,
        "the status does not count as Registered or Active",
    )
    assert cast.sam.account.id not in {link.account_id for link in links()}


def test_who_left_after_asking_for_a_new_link_gets_none(campaign: Campaign, cast: Cast) -> None:
    with database.transaction() as db:
        asked = invitations.queue_new_link(db, account_id=cast.sam.account.id or 0)
    _leave(cast.sam)
    batch = batch_of(Campaign(id=asked))
    with database.transaction() as db:
        assert delivery.claim(db, batch=batch, message_id=batch.message_ids[0]) is None
    assert links() == []


def test_an_address_that_bounced_since_the_launch_is_not_written_to_again(campaign: Campaign, cast: Cast) -> None:
    batch = batch_of(campaign)
    _bounce(cast.sam)
    with database.transaction() as db:
        claims = [delivery.claim(db, batch=batch, message_id=message_id) for message_id in batch.message_ids]
    assert [isinstance(one, Claim) for one in claims] == [False, True, True], "nobody but Sam is left out"
    with database.reading() as db:
        dropped = db.exec(select(Message).where(Message.id == batch.message_ids[0])).one()
    assert (dropped.status, dropped.detail) == (MessageStatus.CANCELLED, "the last message to this address bounced")


@pytest.mark.parametrize("facts", [{"delivery_reason": "over_limit"}, {"delivery_address": "old@mail.example"}])
def test_what_failed_for_a_while_or_elsewhere_stops_no_message(
    campaign: Campaign, cast: Cast, facts: dict[str, str]
) -> None:
    _bounce(cast.sam, **facts)
    assert claim(batch_of(campaign)).account_id == cast.sam.account.id


def test_who_asks_for_a_new_link_gets_it_even_where_an_earlier_message_bounced(campaign: Campaign, cast: Cast) -> None:
    _bounce(cast.sam)
    with database.transaction() as db:
        asked = invitations.queue_new_link(db, account_id=cast.sam.account.id or 0)
    assert "/i/" in claim(batch_of(Campaign(id=asked))).text.text


def _bounce(member: Member, **facts: str) -> None:
    failed = {"delivery": "failed", "delivery_reason": "bounced", "delivery_address": member.person.personal_email}
    with database.transaction() as db:
        db.execute(sa.update(Account).where(col(Account.id) == member.account.id).values(failed | facts))


def _leave(member: Member) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id) == member.person.id).values(status=PersonStatus.LEFT))


@pytest.mark.parametrize("stop", [campaign_moves.pause, campaign_moves.cancel])
def test_nothing_is_claimed_after_pause_or_cancel(campaign: Campaign, cast: Cast, stop: Callable[..., object]) -> None:
    batch = batch_of(campaign)
    with database.transaction() as db:
        stop(db, cast.olga.actor, campaign_id=campaign.id)
    with database.transaction() as db:
        assert delivery.claim(db, batch=batch, message_id=batch.message_ids[0]) is None
        assert delivery.open_batch(db, campaign_id=campaign.id or 0, batch=0) is None
    assert links() == []


def test_what_a_dead_sender_left_is_unknown_and_counts_as_invited_once(campaign: Campaign, clock: Clock) -> None:
    found = claim(batch_of(campaign))
    assert found.message_id not in batch_of(campaign).message_ids
    assert message(found).status == MessageStatus.UNKNOWN
    mine = account(found)
    assert (mine.delivery, mine.times_invited) == ("unknown", 1)
    assert mine.invitation_ends_at == found.ends_at
    record(found, SENT)
    assert (message(found).status, account(found).delivery) == (MessageStatus.SENT, "sent")
    assert account(found).times_invited == 1


@pytest.mark.parametrize("final", [SENT, Outcome(MessageStatus.FAILED, FailureReason.BOUNCED)])
def test_a_final_status_is_never_left(campaign: Campaign, final: Outcome) -> None:
    found = claim(batch_of(campaign))
    record(found, final)
    for late in (Outcome(MessageStatus.QUEUED), Outcome(MessageStatus.UNKNOWN), SENT):
        record(found, late)
    assert message(found).status == final.status
    assert account(found).times_invited == (1 if final is SENT else 0)


def test_a_microsoft_account_is_told_to_use_its_own_password(campaign: Campaign, cast: Cast) -> None:
    with database.transaction() as db:
        cast.sam.account.sign_in_method = SignInMethod.MICROSOFT
        db.add(cast.sam.account)
    text = claim(batch_of(campaign)).text
    assert "Use your Microsoft 365 password" in text.text
    assert "choose a password" not in text.text.lower()
    assert "Choose my password" not in text.html


def test_r20_a_new_link_goes_to_the_address_on_file_once_a_minute_and_five_times_a_day(
    campaign: Campaign, cast: Cast, clock: Clock
) -> None:
    def ask() -> int | None:
        with database.transaction() as db:
            return invitations.queue_new_link(db, account_id=cast.sam.account.id or 0)

    made = [ask()]
    assert ask() is None
    for _ in range(6):
        clock.forward(seconds=61)
        made.append(ask())
    assert sum(found is not None for found in made) == 5
    clock.forward(days=1)
    assert ask() is not None
    with database.reading() as db:
        sent_to = select(Message.address).where(Message.campaign_id == made[0])
        assert db.exec(sent_to).all() == [cast.sam.person.personal_email]


def test_r20_two_requests_at_once_give_one_new_link(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    barrier, made = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            made.append(invitations.queue_new_link(db, account_id=cast.sam.account.id or 0))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in made) == 1


def test_unfinished_is_what_waits_or_was_in_flight_in_campaigns_that_run(campaign: Campaign, cast: Cast) -> None:
    batch = batch_of(campaign)
    with database.reading() as db:
        assert unfinished.running_campaigns(db) == [campaign.id]
        assert unfinished.waiting_batches(db, campaign_id=campaign.id or 0) == [0]
        assert unfinished.busy_channels(db, by=campaign.starts_at) == {Channel.EMAIL}
        assert unfinished.busy_channels(db, by=campaign.starts_at - timedelta(seconds=1)) == set()
    for place in range(len(batch.message_ids)):
        record(claim(batch, place), SENT)
    with database.reading() as db:
        assert unfinished.running_campaigns(db) == []
        assert unfinished.busy_channels(db, by=campaign.starts_at) == set()
        assert unfinished.waiting_batches(db, campaign_id=campaign.id or 0) == []
