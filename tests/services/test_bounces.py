"""E-mails that came back: the message failed, the person shows as Bounced, the address is not written to again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.errors import TokenRejected
from core.models import (
    Account,
    AuditEntry,
    Channel,
    FailureReason,
    Invitation,
    MessageAccount,
    MessageStatus,
    Person,
    Superseded,
)
from core.permissions import visitor
from core.rules import words
from core.rules.account_state import AccountState, account_state
from core.rules.bounce_reports import Fate, Report
from core.rules.delivery_status import Outcome
from core.rules.reachability import Refusal
from core.services import activation, bounces, delivery, invitations
from core.tables import person_facts, reachability, school
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.services.text_messages import account_now, message, stored

pytestmark = pytest.mark.both_databases
_OWNER = col(Account.person_id) == col(Person.id)


def email_to(member: Member, **more: object) -> int:
    return message(member.account, **{"channel": Channel.EMAIL, "address": member.person.personal_email, **more})


def came_back(*message_ids: int, status: str = "5.1.1", fate: Fate = Fate.FAILED) -> int:
    reports = [Report(stored(message_id).reference, fate, status) for message_id in message_ids]
    with database.transaction() as db:
        return bounces.record(db, reports=reports)


def state_of(member: Member, clock: Clock) -> AccountState:
    with database.reading() as db:
        policy = school.policy(school.settings(db))
    facts = person_facts.account_facts(member.person, account_now(member.account), policy)
    return account_state(facts, now=clock.now)


def refusal_of(member: Member) -> str | None:
    with database.reading() as db:
        policy = school.policy(school.settings(db))
        query = sa.select(reachability.email_refusal(policy)).select_from(Account).join(Person, _OWNER)
        return db.scalar(query.where(col(Account.id) == member.account.id))


def test_an_email_that_came_back_failed_and_its_person_shows_as_bounced(cast: Cast, clock: Clock) -> None:
    sent = email_to(cast.sam)
    clock.forward(minutes=4)
    assert came_back(sent) == 1
    assert (stored(sent).status, stored(sent).reason) == (MessageStatus.FAILED, FailureReason.BAD_ADDRESS)
    assert (stored(sent).event_at, stored(sent).finished_at) == (clock.now, clock.now)
    assert "5.1.1" in (stored(sent).detail or "")
    mine = account_now(cast.sam.account)
    assert (mine.delivery, mine.delivery_reason) == ("failed", "bad_address")
    assert mine.delivery_address == cast.sam.person.personal_email
    assert state_of(cast.sam, clock) is AccountState.BOUNCED


@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "5.7.1", ""])
def test_nothing_goes_to_the_address_any_more(cast: Cast, clock: Clock, status: str) -> None:
    sent = email_to(cast.sam)
    assert refusal_of(cast.sam) is None
    came_back(sent, status=status)
    assert refusal_of(cast.sam) == Refusal.BOUNCED
    assert refusal_of(cast.max) is None


def test_another_address_can_be_written_to(cast: Cast, clock: Clock) -> None:
    came_back(email_to(cast.sam))
    _move(cast.sam, "new@mail.example")
    assert refusal_of(cast.sam) is None


def test_the_same_report_a_thousand_times_changes_nothing_more(cast: Cast, clock: Clock) -> None:
    sent = email_to(cast.sam)
    came_back(sent)
    before = stored(sent), account_now(cast.sam.account)
    clock.forward(minutes=5)
    assert sum(came_back(sent, status="5.2.2") for _ in range(20)) == 0
    assert came_back(*[sent] * 1000) == 0
    assert (stored(sent), account_now(cast.sam.account)) == before


@pytest.mark.parametrize("fate", [Fate.DELAYED, Fate.ARRIVED])
def test_a_delay_changes_nothing(cast: Cast, clock: Clock, fate: Fate) -> None:
    sent = email_to(cast.sam)
    assert came_back(sent, fate=fate) == 0
    assert (stored(sent).status, account_now(cast.sam.account).delivery) == (MessageStatus.SENT, None)


def test_a_report_about_an_address_that_was_changed_since_touches_only_its_message(cast: Cast, clock: Clock) -> None:
    sent = email_to(cast.sam)
    _move(cast.sam, "new@mail.example")
    assert came_back(sent) == 1
    assert stored(sent).status == MessageStatus.FAILED
    assert account_now(cast.sam.account).delivery is None


def test_a_report_about_an_earlier_email_touches_only_its_message(cast: Cast, clock: Clock) -> None:
    first = email_to(cast.sam)
    clock.forward(hours=1)
    second = email_to(cast.sam)
    came_back(first)
    assert [stored(sent).status for sent in (first, second)] == [MessageStatus.FAILED, MessageStatus.SENT]
    assert account_now(cast.sam.account).delivery is None


def test_of_a_family_only_those_hear_of_it_who_are_still_reached_there(cast: Cast, clock: Clock) -> None:
    address = "family@mail.example"
    _move(cast.sam, address)
    sent = email_to(cast.sam, address=address)
    with database.transaction() as db:
        campaign = stored(sent).campaign_id
        db.add(MessageAccount(message_id=sent, account_id=cast.max.account.id or 0, campaign_id=campaign))
    came_back(sent)
    assert account_now(cast.sam.account).delivery == "failed"
    assert account_now(cast.max.account).delivery is None


@pytest.mark.parametrize("status", [MessageStatus.SENT, MessageStatus.UNKNOWN])
def test_what_may_have_been_sent_was_sent_if_it_came_back(cast: Cast, clock: Clock, status: str) -> None:
    sent = email_to(cast.sam, status=status)
    assert came_back(sent) == 1
    assert stored(sent).status == MessageStatus.FAILED


def test_a_report_that_overtakes_the_sender_wins_and_the_person_counts_as_invited_once(
    cast: Cast, clock: Clock
) -> None:
    sent = email_to(cast.sam, status=MessageStatus.SENDING)
    assert came_back(sent) == 1
    with database.transaction() as db:
        delivery.record(db, message_id=sent, outcome=Outcome(MessageStatus.SENT, provider_id="<late>"))
    mine = account_now(cast.sam.account)
    assert stored(sent).status == MessageStatus.FAILED
    assert (mine.times_invited, mine.invited_at, mine.delivery) == (1, clock.now, "failed")


@pytest.mark.parametrize(
    "status", [MessageStatus.QUEUED, MessageStatus.CANCELLED, MessageStatus.WRITTEN, MessageStatus.DELIVERED]
)
def test_what_was_not_sent_or_is_settled_stays_as_it_is(cast: Cast, clock: Clock, status: str) -> None:
    sent = email_to(cast.sam, status=status)
    assert came_back(sent) == 0
    assert (stored(sent).status, account_now(cast.sam.account).delivery) == (status, None)


def test_a_mail_server_has_nothing_to_say_about_a_text_message(cast: Cast, clock: Clock) -> None:
    sent = message(cast.sam.account)
    assert came_back(sent) == 0
    assert stored(sent).status == MessageStatus.SENT


def test_a_report_about_somebody_elses_mail_finds_nothing_and_leaves_no_trace(cast: Cast, clock: Clock) -> None:
    email_to(cast.sam)
    with database.transaction() as db:
        assert bounces.record(db, reports=[Report("f" * 32, Fate.FAILED, "5.1.1")]) == 0
        assert bounces.record(db, reports=[]) == 0
        assert db.exec(select(AuditEntry)).all() == []


def test_many_come_back_in_one_commit(cast: Cast, clock: Clock) -> None:
    sent = [email_to(member) for member in (cast.sam, cast.max, cast.otto)]
    assert came_back(*sent) == 3
    assert {account_now(member.account).delivery for member in (cast.sam, cast.max, cast.otto)} == {"failed"}


def _move(member: Member, address: str) -> None:
    with database.transaction() as db:
        db.get_one(Person, member.person.id).personal_email = address


def _links_of(member: Member) -> list[Invitation]:
    with database.reading() as db:
        mine = select(Invitation).where(Invitation.account_id == member.account.id)
        return list(db.exec(mine.order_by(col(Invitation.id))))


def _carrying_links(*members: Member) -> tuple[int, list[str]]:
    """An e-mail with a live link for each of them."""
    sent, tokens = email_to(members[0]), []
    with database.transaction() as db:
        for member in members:
            account_id, to = member.account.id or 0, members[0].person.personal_email
            made = invitations.issue_link(db, account_id=account_id, channel="email", address=to, days=7)
            mine = (MessageAccount.message_id == sent, MessageAccount.account_id == account_id)
            tie = db.exec(select(MessageAccount).where(*mine)).first() or MessageAccount(
                message_id=sent, account_id=account_id, campaign_id=stored(sent).campaign_id
            )
            tie.invitation_id = made.invitation_id
            db.add(tie)
            own = db.get(Account, account_id)
            assert own is not None
            own.invitation_ends_at = made.expires_at
            db.add(own)
            tokens.append(made.token)
    return sent, tokens


def test_r17_the_links_in_an_email_that_came_back_open_nothing(cast: Cast, clock: Clock) -> None:
    sent, tokens = _carrying_links(cast.sam, cast.max)
    came_back(sent)
    for member, token in zip((cast.sam, cast.max), tokens, strict=True):
        assert [link.superseded_because for link in _links_of(member)] == [Superseded.CAME_BACK]
        assert account_now(member.account).invitation_ends_at == clock.now
        with database.reading() as db:
            assert activation.look_up(db, visitor(), token=token).standing is activation.Standing.ENDED
        with pytest.raises(TokenRejected), database.transaction() as db:
            activation.redeem(db, visitor(), token=token, password_hash="x")
    assert "the e-mail that carried it came back" in words.SUPERSEDED[Superseded.CAME_BACK]


def test_a_link_that_went_another_way_since_lives_on(cast: Cast, clock: Clock) -> None:
    sent, _ = _carrying_links(cast.sam)
    clock.forward(minutes=5)
    with database.transaction() as db:
        copied = invitations.issue_link(db, account_id=cast.sam.account.id or 0, channel="copied", address="", days=7)
    before = account_now(cast.sam.account).invitation_ends_at
    came_back(sent)
    assert [link.superseded_because for link in _links_of(cast.sam)] == [Superseded.REPLACED, None]
    assert account_now(cast.sam.account).invitation_ends_at == before
    with database.reading() as db:
        assert activation.look_up(db, visitor(), token=copied.token).is_live


def test_who_used_the_link_before_keeps_what_they_have(cast: Cast, clock: Clock) -> None:
    sent, tokens = _carrying_links(cast.sam)
    with database.transaction() as db:
        activation.redeem(db, visitor(), token=tokens[0], password_hash="x")
    came_back(sent)
    assert [link.superseded_because for link in _links_of(cast.sam)] == [None]
    assert account_now(cast.sam.account).password_hash == "x"
