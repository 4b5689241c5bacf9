"""Check and launch: what was seen is what is queued, once, whoever presses the button how often."""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.errors import Conflict, FreshCodeRequired, InputProblem, NotAllowed
from core.models import (
    Account,
    AuditEntry,
    Campaign,
    CampaignKind,
    CampaignStatus,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
)
from core.rules import words
from core.rules.delivery_status import Outcome
from core.rules.reachability import Refusal
from core.rules.words import SENT_LATELY
from core.services import (
    address_changes,
    campaign_moves,
    campaigns,
    delivery,
    delivery_claims,
    drafts,
    many_rows,
    selections,
    test_messages,
    unknown_messages,
    wordings,
)
from core.services import people as people_service
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import school
from core.tables import unknown_messages as unknown_messages_table
from core.tables.filters import AccountFilter
from tests import cast
from tests.cast import Cast

pytestmark = pytest.mark.both_databases

STUDENTS = Draft(filter=AccountFilter(user_types=("student",)))


@pytest.fixture
def people(cast: Cast) -> Cast:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    return cast


def look(people: Cast, draft: Draft = STUDENTS) -> Check:
    with database.reading() as db:
        return campaigns.check(db, people.olga.actor, draft=draft)


def send(people: Cast, seen: Check, draft: Draft = STUDENTS, key: str = "") -> Campaign:
    with database.transaction() as db:
        key = key or seen.fingerprint
        return campaigns.launch(db, people.olga.actor, draft=draft, seen=seen.fingerprint, idempotency_key=key)


def queued() -> list[Message]:
    with database.reading() as db:
        return list(db.exec(select(Message).order_by(col(Message.id))))


def change(row: object, **values: object) -> None:
    with database.transaction() as db:
        for name, value in values.items():
            setattr(row, name, value)
        db.add(row)


def test_the_check_says_who_receives_it_and_who_does_not_and_why(people: Cast) -> None:
    change(people.max.person, use_personal_email=False)
    change(people.otto.account, deactivated_at=people.otto.account.created_at)
    found = look(people)
    assert found.receive == 1
    assert found.skipped == {Refusal.DEACTIVATED: 1, Refusal.PERSONAL_EMAIL_OFF: 1}
    assert [sample.who for sample in found.samples] == ["Sam Sideris"]
    assert people.sam.account.username in found.samples[0].text
    assert queued() == []


def test_samples_come_in_each_language_and_open_nothing(people: Cast) -> None:
    change(people.max.person, language="el")
    change(people.otto.person, language="tlh")
    found = look(people)
    assert {sample.language for sample in found.samples} == {"en", "el"}
    assert all("OPENS-NOTHING" in sample.text for sample in found.samples)
    assert "Γεια σου Max" in next(sample for sample in found.samples if sample.language == "el").text


def test_siblings_with_one_address_get_a_message_each_that_names_them(people: Cast) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    found = look(people)
    assert (found.receive, found.shared_addresses) == (3, 1)
    assert "Max Sideris" in next(sample for sample in found.samples if sample.who == "Max Sideris").subject


def test_a_contact_address_that_is_the_new_microsoft_mailbox_is_warned_about(people: Cast) -> None:
    with database.transaction() as db:
        own = school.settings(db)
        own.microsoft = True
        db.add(own)
    values = {
        "contact_email": "sam@school.example",
        "contact_email_valid": True,
        "external_email": "Sam@school.example",
    }
    change(people.sam.person, **values)
    assert look(people).closed_mailboxes == 1


def test_without_a_mail_server_a_real_school_only_writes_and_the_demo_plays_the_postman(people: Cast) -> None:
    assert not look(people).sends
    with database.transaction() as db:
        own = school.settings(db)
        own.is_demo = True
        db.add(own)
    assert look(people).sends


def test_a_launch_freezes_who_which_address_and_which_wording_and_issues_no_link(people: Cast) -> None:
    launched = send(people, look(people))
    change(people.sam.person, personal_email="later@mail.example")
    messages = queued()
    assert len(messages) == launched.recipients == 3
    assert people.sam.person.personal_email not in [message.address for message in messages]
    assert len({message.reference for message in messages}) == 3
    with database.reading() as db:
        assert db.exec(select(Invitation)).all() == []
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.launched")).one()
    assert entry.details == {"recipients": 3, "digest": launched.recipients_digest, "skipped": 0}


def test_launch_refuses_when_the_list_changed_since_the_check(people: Cast) -> None:
    seen = look(people)
    change(people.sam.person, personal_email="other@mail.example")
    with pytest.raises(Conflict, match="3 would receive it now"):
        send(people, seen)
    change(people.otto.account, deactivated_at=people.otto.account.created_at)
    with pytest.raises(Conflict, match="2 would receive it now"):
        send(people, seen)
    assert queued() == []


def test_a_launch_for_nobody_is_refused(people: Cast) -> None:
    nobody = Draft(filter=AccountFilter(user_types=("alumnus",)))
    with pytest.raises(InputProblem, match="Nobody"):
        send(people, look(people, nobody), nobody)


def decide(**values: object) -> None:
    """The school decides something."""
    with database.transaction() as db:
        own = school.settings(db)
        for name, value in values.items():
            setattr(own, name, value)
        db.add(own)


def test_r31_above_a_settable_number_the_sign_in_must_be_fresh(people: Cast) -> None:
    decide(fresh_code_above=2)
    seen = look(people)
    stale = replace(people.olga.actor, fresh_until=clock.now())
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        campaigns.launch(db, stale, draft=STUDENTS, seen=seen.fingerprint, idempotency_key="x")
    assert queued() == []
    send(people, seen)
    assert len(queued()) == 3


def test_r64_above_a_settable_number_the_count_is_typed(people: Cast) -> None:
    decide(typed_count_above=2)
    seen = look(people)
    assert seen.typed_count_wanted
    with pytest.raises(InputProblem, match="Type the number"):
        send(people, seen)
    with database.transaction() as db:
        campaigns.launch(
            db,
            people.olga.actor,
            draft=STUDENTS,
            seen=seen.fingerprint,
            idempotency_key=seen.fingerprint,
            typed_count=3,
        )
    assert len(queued()) == 3


def test_f14_twenty_launches_at_once_give_one_campaign(people: Cast) -> None:
    seen, barrier, ids = look(people), threading.Barrier(20), []

    def press() -> None:
        barrier.wait()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            found = campaigns.launch(
                db, people.olga.actor, draft=STUDENTS, seen=seen.fingerprint, idempotency_key=seen.fingerprint
            )
            ids.append(found.id)

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 20
    assert len(set(ids)) == 1
    assert len(queued()) == 3


def test_a_second_person_with_the_same_check_gets_the_campaign_of_the_first(people: Cast) -> None:
    mine, theirs = look(people), look(people)
    assert send(people, mine).id == send(people, theirs).id
    assert look(people).fingerprint != mine.fingerprint


def test_a_new_check_after_a_launch_may_launch_again(people: Cast) -> None:
    again = replace(STUDENTS, again=True)
    first, second = send(people, look(people)), send(people, look(people, again), again)
    assert first.id != second.id
    assert len(queued()) == 6


def test_who_was_sent_the_same_today_or_waits_for_it_is_left_out_unless_wanted(people: Cast) -> None:
    send(people, look(people))
    seen = look(people)
    assert (seen.receive, seen.lately and seen.lately.people) == (0, 3)
    assert look(people, replace(STUDENTS, again=True)).receive == 3


def test_only_who_may_send_checks_and_launches(people: Cast) -> None:
    for member in (people.cora, people.tom, people.sam, people.gina):
        with pytest.raises(NotAllowed), database.reading() as db:
            campaigns.check(db, member.actor, draft=STUDENTS)
        with pytest.raises(NotAllowed), database.transaction() as db:
            campaigns.launch(db, member.actor, draft=STUDENTS, seen="", idempotency_key="x")


def test_a_selection_of_students_reaches_their_accounts(people: Cast) -> None:
    with database.transaction() as db:
        ticked = {people.sam.person.id or 0}
        selections.tick(db, people.olga.actor, list_name="students", on=ticked)
        selection_id = selections.current(db, people.olga.actor, list_name="students").id
    draft = Draft(selection_id=selection_id)
    send(people, look(people, draft), draft)
    assert [message.address for message in queued()] == [people.sam.person.personal_email]


def test_pause_resume_and_cancel_each_work_once_and_are_audited(people: Cast) -> None:
    launched = send(people, look(people))
    campaign_id, olga = launched.id or 0, people.olga.actor
    with database.transaction() as db:
        campaign_moves.pause(db, olga, campaign_id=campaign_id)
    with pytest.raises(Conflict, match="paused already"), database.transaction() as db:
        campaign_moves.pause(db, olga, campaign_id=campaign_id)
    with database.transaction() as db:
        assert campaign_moves.resume(db, olga, campaign_id=campaign_id).status == CampaignStatus.RUNNING
    with database.transaction() as db:
        assert campaign_moves.cancel(db, olga, campaign_id=campaign_id) == 3
    with pytest.raises(Conflict), database.transaction() as db:
        campaign_moves.resume(db, olga, campaign_id=campaign_id)
    assert {message.status for message in queued()} == {MessageStatus.CANCELLED}
    with database.reading() as db:
        actions = list(db.exec(select(AuditEntry.action).order_by(col(AuditEntry.seq))))
    assert actions == ["campaign.launched", "campaign.paused", "campaign.running", "campaign.cancelled"]


def test_a_large_launch_comes_in_batches_of_a_hundred_that_belong_together(people: Cast) -> None:
    decide(fresh_code_above=1000)
    with database.transaction() as db:
        for number in range(250):
            cast.account(db, person=cast.person(db), username=f"many{number}{secrets.token_hex(4)}")
    send(people, look(people))
    with database.reading() as db:
        sizes = db.execute(sa.select(Message.batch, sa.func.count()).group_by(col(Message.batch))).all()
        tied = db.execute(
            sa.select(sa.func.count())
            .select_from(Message)
            .join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
        ).scalar_one()
    assert sorted(tuple(row) for row in sizes) == [(0, 100), (1, 100), (2, 53)]
    assert tied == 253


@pytest.mark.both_databases
@pytest.mark.parametrize("by_family", [False, True])
def test_what_several_statements_store_goes_to_whom_it_is_for(
    people: Cast, by_family: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_rows, "AT_ONCE", 9)  # a message to a statement
    with database.transaction() as db:  # the first and the last of them share an address
        students = sa.select(Person).join(Account).where(Account.user_type == "student", Person.personal_email != "")
        first, *_others, last = db.scalars(students.order_by(col(Account.id)))
        last.personal_email = first.personal_email
    draft = replace(STUDENTS, by_family=by_family)
    send(people, look(people, draft), draft)
    with database.reading() as db:
        tied = sa.select(col(Message.id), col(Message.address), col(Person.personal_email)).select_from(MessageAccount)
        tied = tied.join(Message, col(Message.id) == col(MessageAccount.message_id))
        tied = tied.join(Account, col(Account.id) == col(MessageAccount.account_id)).join(Person)
        found = db.execute(tied.order_by(col(Account.id))).all()
    assert len(found) == 3
    assert [address for _id, address, _own in found] == [own for _id, _address, own in found]
    messages = [message_id for message_id, _address, _own in found]
    assert (messages[0] == messages[-1]) == by_family
    assert len({message.reference for message in queued()}) == len(set(messages)) == (2 if by_family else 3)


def test_chosen_students_without_an_account_are_named_in_the_check(people: Cast) -> None:
    with database.transaction() as db:
        newcomer = cast.person(db, kind="student", status="registered", last_name="Newcomer")
        db.flush()
        ticked = {people.sam.person.id or 0, newcomer.id or 0}
        selections.tick(db, people.olga.actor, list_name="students", on=ticked)
        selection_id = selections.current(db, people.olga.actor, list_name="students").id
    draft = Draft(selection_id=selection_id)
    found = look(people, draft)
    assert (found.receive, found.skipped) == (1, {Refusal.NO_ACCOUNT: 1})
    with database.reading() as db:
        left = drafts.left_out(db, people.olga.actor, draft=draft, reason=Refusal.NO_ACCOUNT)
    assert list(left["Last name"]) == ["Newcomer"]


def test_the_campaign_says_as_many_were_left_out_as_the_check_said(people: Cast) -> None:
    change(people.max.person, use_personal_email=False)
    with database.transaction() as db:
        newcomer = cast.person(db, kind="student", status="registered", last_name="Newcomer")
        db.flush()
        ticked = {people.sam.person.id or 0, people.max.person.id or 0, newcomer.id or 0}
        selections.tick(db, people.olga.actor, list_name="students", on=ticked)
        selection_id = selections.current(db, people.olga.actor, list_name="students").id
    draft = Draft(selection_id=selection_id)
    found = look(people, draft)
    launched = send(people, found, draft)
    assert found.skipped == {Refusal.NO_ACCOUNT: 1, Refusal.PERSONAL_EMAIL_OFF: 1}
    assert launched.skipped == found.skipped
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.launched")).one()
    assert entry.details["skipped"] == 2
    change(people.max.person, use_personal_email=True)
    found = look(people, draft)
    launched = send(people, found, draft)
    assert (found.receive, launched.recipients) == (1, 1)
    assert launched.skipped == {Refusal.NO_ACCOUNT: 1, SENT_LATELY: 1}
    assert all(code in words.GETS_NOTHING for code in launched.skipped)


def test_a_family_gets_one_message_with_a_link_for_each_child(people: Cast) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    family = replace(STUDENTS, by_family=True)
    seen = look(people, family)
    assert (seen.receive, seen.messages, seen.shared_addresses, seen.sharing) == (3, 2, 1, 2)
    assert "Sam Sideris" in seen.samples[0].text
    assert "Max Sideris" in seen.samples[0].text
    launched = send(people, seen, family)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=launched.id or 0, batch=0)
        assert isinstance(batch, delivery_claims.Batch)
        claims = [delivery.claim(db, batch=batch, message_id=message_id) for message_id in batch.message_ids]
    letter = next(claim for claim in claims if isinstance(claim, delivery_claims.Claim) and "Max" in claim.text.text)
    assert len(set(re.findall(r"/i/([0-9A-Z]{26})", letter.text.text))) == 2
    assert letter.text.html.count("<a href=") == 2
    with database.transaction() as db:
        delivery.record(db, message_id=letter.message_id, outcome=Outcome(MessageStatus.SENT, provider_id="x"))
    with database.reading() as db:
        for member in (people.sam, people.max):
            account = db.get(Account, member.account.id)
            assert account is not None
            assert (account.delivery, account.times_invited) == ("sent", 1)
            assert account.invitation_ends_at is not None


def test_who_moves_away_from_the_address_of_a_family_takes_nothing_from_the_others(people: Cast) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    family = replace(STUDENTS, by_family=True)
    launched = send(people, look(people, family), family)
    with database.transaction() as db:
        shown = db.get_one(Person, people.max.person.id)
        max_id, seen = people.max.account.id or 0, shown.updated_at
        people_service.change_email(db, people.olga.actor, account_id=max_id, seen=seen, email="max.new@mail.example")
    texts = _claimed(launched)
    letter = next(text for text in texts if "Sam" in text)
    assert "Max" not in letter and len(set(re.findall(r"/i/([0-9A-Z]{26})", letter))) == 1
    assert len(texts) == 2, "nobody but Max is left out"
    with database.reading() as db:
        tied = select(Message.status, Message.detail).join(MessageAccount).where(MessageAccount.account_id == max_id)
        mine = tied.where(MessageAccount.campaign_id == launched.id)
        assert db.exec(mine).all() == [("cancelled", "the address was changed")]


@pytest.mark.parametrize("fact", ["deactivated_at", "first_sign_in_at"])
def test_who_of_a_family_needs_nothing_any_more_is_not_said_to_have_got_it(people: Cast, fact: str) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    family = replace(STUDENTS, by_family=True)
    launched = send(people, look(people, family), family)
    with database.transaction() as db:
        max_account = db.get_one(Account, people.max.account.id)
        setattr(max_account, fact, max_account.created_at)
        db.add(max_account)
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=launched.id or 0, batch=0)
        assert isinstance(batch, delivery_claims.Batch)
        claims = [delivery.claim(db, batch=batch, message_id=message_id) for message_id in batch.message_ids]
        letters = [claim for claim in claims if isinstance(claim, delivery_claims.Claim)]
        for letter in letters:
            sent = Outcome(MessageStatus.SENT, provider_id="x")
            delivery.record(db, message_id=letter.message_id, outcome=sent)
    letter = next(letter for letter in letters if "Sam" in letter.text.text)
    assert "Max" not in letter.text.text
    with database.reading() as db:
        max_account, sam = db.get_one(Account, people.max.account.id), db.get_one(Account, people.sam.account.id)
        assert (max_account.times_invited, max_account.invited_at, max_account.delivery) == (0, None, None)
        assert (sam.times_invited, sam.delivery) == (1, "sent")
        tied = select(Message.status, Message.detail).join(MessageAccount)
        mine = tied.where(MessageAccount.account_id == max_account.id, MessageAccount.campaign_id == launched.id)
        assert db.exec(mine).all() == [("cancelled", "not needed any more")]


def test_who_of_a_family_left_the_school_takes_nothing_from_the_others(people: Cast) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    family = replace(STUDENTS, by_family=True)
    launched = send(people, look(people, family), family)
    change(people.max.person, status="left")
    letter = next(text for text in _claimed(launched) if "Sam" in text)
    assert "Max" not in letter and len(set(re.findall(r"/i/([0-9A-Z]{26})", letter))) == 1
    with database.reading() as db:
        tied = select(Message.status, Message.detail).join(MessageAccount)
        mine = tied.where(MessageAccount.account_id == people.max.account.id)
        assert db.exec(mine).all() == [("cancelled", words.REFUSAL[Refusal.STATUS])]


def test_when_all_of_a_family_move_away_their_message_is_cancelled(people: Cast) -> None:
    change(people.max.person, personal_email=people.sam.person.personal_email)
    family = replace(STUDENTS, by_family=True)
    launched = send(people, look(people, family), family)
    both = [(member.account.id or 0, people.sam.person.personal_email or "") for member in (people.sam, people.max)]
    with database.transaction() as db:
        address_changes.close(db, both)
    assert not any("Sam" in text for text in _claimed(launched))
    assert [message.status for message in queued()].count(MessageStatus.CANCELLED) == 1


def _claimed(launched: Campaign) -> list[str]:
    """What the messages of the first batch say when they are sent now."""
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=launched.id or 0, batch=0)
        assert isinstance(batch, delivery_claims.Batch)
        claims = [delivery.claim(db, batch=batch, message_id=message_id) for message_id in batch.message_ids]
    return [claim.text.text for claim in claims if isinstance(claim, delivery_claims.Claim)]


def test_what_is_unknown_is_decided_by_a_person_once(people: Cast) -> None:
    launched = send(people, look(people))
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status="unknown", finished_at=clock.now()))
    campaign_id, olga = launched.id or 0, people.olga.actor
    with database.transaction() as db:
        assert unknown_messages.send_again(db, olga, campaign_id=campaign_id).sent == 3
    assert {message.status for message in queued()} == {MessageStatus.QUEUED}
    with pytest.raises(Conflict, match="nothing left"), database.transaction() as db:
        unknown_messages.note_arrived(db, olga, campaign_id=campaign_id)
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status="unknown"))
        db.execute(sa.update(Account).where(col(Account.id) == people.sam.account.id).values(delivery="unknown"))
    with database.transaction() as db:
        assert unknown_messages.note_arrived(db, olga, campaign_id=campaign_id) == 3
    with database.reading() as db:
        sam = db.get(Account, people.sam.account.id)
    assert sam is not None
    assert sam.delivery == "sent"


def test_what_is_unknown_is_decided_for_some_and_for_the_others_later(people: Cast) -> None:
    launched = send(people, look(people))
    with database.transaction() as db:
        db.execute(sa.update(Message).values(status="unknown", finished_at=clock.now()))
        db.execute(sa.update(Account).values(delivery="unknown"))
    campaign_id, olga = launched.id or 0, people.olga.actor
    with database.reading() as db:
        named = unknown_messages_table.named(db, olga, campaign_id=campaign_id)
    assert [said.split(" · ")[0] for said in named.values()] == ["Other Otto", "Sideris Max", "Sideris Sam"]
    otto, max_, _sam = named
    with database.transaction() as db:
        assert unknown_messages.note_arrived(db, olga, campaign_id=campaign_id, only=[otto]) == 1
        assert unknown_messages.send_again(db, olga, campaign_id=campaign_id, only=[otto, max_]).sent == 1, (
            "otto is known"
        )
    assert {message.id: message.status for message in queued()}.items() >= {(otto, "sent"), (max_, "queued")}
    with database.reading() as db:
        delivery_of = dict(db.execute(sa.select(col(Account.id), col(Account.delivery))).all())
        assert len(unknown_messages_table.named(db, olga, campaign_id=campaign_id)) == 1
    assert delivery_of[people.otto.account.id] == "sent"
    assert delivery_of[people.sam.account.id] == "unknown"
    with pytest.raises(Conflict, match="nothing left"), database.transaction() as db:
        unknown_messages.note_arrived(db, olga, campaign_id=campaign_id + 1, only=list(named))


def test_a_test_goes_to_oneself_and_opens_nothing(people: Cast) -> None:
    change(people.olga.person, contact_email="olga@school.example", contact_email_valid=True)
    with database.transaction() as db:
        sent = test_messages.send(db, people.olga.actor, kind=CampaignKind.INITIAL_INVITATION, channel=Channel.EMAIL)
    assert sent.address == "olga@school.example"
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=sent.campaign_id, batch=0)
        assert isinstance(batch, delivery_claims.Batch)
        claim = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
        assert isinstance(claim, delivery_claims.Claim)
        delivery.record(db, message_id=claim.message_id, outcome=Outcome(MessageStatus.SENT, provider_id="x"))
    assert "OPENS-NOTHING" in claim.text.text
    with database.reading() as db:
        assert db.exec(select(Invitation)).all() == []
        olga = db.get(Account, people.olga.account.id)
    assert olga is not None
    assert olga.times_invited == 0
