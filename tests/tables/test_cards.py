"""What the cards read: families, timelines, trouble; and whom they never show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from core import clock, database
from core.errors import NotAllowed, NotFound
from core.models import Account, Campaign, Guardianship, Message, MessageAccount, Person, SchoolSettings, SignInMethod
from core.rules.account_acts import Act
from core.rules.sign_in_trouble import Question
from core.services import account_acts, account_unlock, copied_links, guardianships, people
from core.tables import account_card, relatives, sign_in_trouble, timeline
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def _whats(cast: Cast, who: str, person_id: int | None) -> list[str]:
    with database.reading() as db:
        return [event.what for event in timeline.read(db, getattr(cast, who).actor, person_id=person_id or 0)]


def test_guardians_siblings_and_students_are_found_from_each_other(cast: Cast) -> None:
    with database.reading() as db:
        olga = cast.olga.actor
        assert [one.name for one in relatives.guardians(db, olga, student_id=cast.sam.person.id or 0)] == [
            "Gina Siderí"
        ]
        assert [one.name for one in relatives.siblings(db, olga, student_id=cast.sam.person.id or 0)] == ["Max Sideris"]
        wards = relatives.students(db, olga, guardian_id=cast.gina.person.id or 0)
        assert {one.name for one in wards} == {"Sam Sideris", "Max Sideris"}
        assert all(one.guardianship_id for one in wards)


def test_a_guardianship_that_ended_makes_nobody_a_sibling(cast: Cast) -> None:
    with database.transaction() as db:
        links = relatives.guardians(db, cast.olga.actor, student_id=cast.max.person.id or 0)
        guardianships.end(db, cast.olga.actor, guardianship_id=links[0].guardianship_id or 0)
    with database.reading() as db:
        assert relatives.siblings(db, cast.olga.actor, student_id=cast.sam.person.id or 0) == []


def test_a_sibling_in_another_class_is_not_shown_to_the_coordinator_of_this_one(cast: Cast) -> None:
    with database.transaction() as db:
        db.add(Guardianship(student_id=cast.otto.person.id or 0, guardian_id=cast.gina.person.id or 0))
    with database.reading() as db:
        mine = relatives.siblings(db, cast.cora.actor, student_id=cast.sam.person.id or 0)
        assert [one.name for one in mine] == ["Max Sideris"]
        wards = relatives.students(db, cast.cora.actor, guardian_id=cast.gina.person.id or 0)
        assert "Otto Other" not in {one.name for one in wards}
        assert {one.email for one in mine} == {"p…@mail.example"}


@pytest.mark.parametrize("who", ["cora", "tom"])
def test_r60_otto_is_as_little_there_as_somebody_who_does_not_exist(cast: Cast, who: str) -> None:
    actor = getattr(cast, who).actor
    with database.transaction() as db:
        make.guardianship(db, student=cast.otto.person, guardian=make.person(db, kind="guardian"))
    with database.reading() as db:
        assert relatives.guardians(db, actor, student_id=cast.otto.person.id or 0) == []
        assert relatives.siblings(db, actor, student_id=cast.otto.person.id or 0) == []
    for person_id in (cast.otto.person.id or 0, 999_999):
        with database.reading() as db, pytest.raises(NotFound):
            timeline.read(db, actor, person_id=person_id)
    refused = NotFound if who == "cora" else NotAllowed
    for account_id in (cast.otto.account.id or 0, 999_999):
        with database.reading() as db:
            with pytest.raises(refused):
                sign_in_trouble.read(db, actor, account_id=account_id)
            with pytest.raises(refused):
                account_card.read(db, actor, account_id=account_id)


def test_the_timeline_tells_messages_links_changes_and_who_did_them(cast: Cast) -> None:
    account_id = cast.sam.account.id or 0
    with database.transaction() as db:
        _message(db, cast, account_id, status="failed", reason="bounced")
        copied_links.issue(db, cast.olga.actor, account_id=account_id)
        seen = account_acts.check(db, cast.olga.actor, act=Act.DEACTIVATE, account_ids=(account_id,)).seen
        account_acts.carry_out(db, cast.olga.actor, act=Act.DEACTIVATE, account_ids=(account_id,), seen=seen)
        people.save(
            db, cast.olga.actor, person_id=cast.sam.person.id or 0, seen=cast.sam.person.updated_at, phone="2101234567"
        )
    with database.reading() as db:
        events = timeline.read(db, cast.olga.actor, person_id=cast.sam.person.id or 0)
    told = {event.what: event.by for event in events}
    assert told["Initial invitation to sam@mail.example: failed, the mailbox does not accept mail"] == "Olga Orlova"
    assert told["Link issued, link copied by staff"] == "Olga Orlova"
    assert told["Link ended: the account was deactivated"] == ""
    assert told["Deactivate"] == "Olga Orlova"
    assert told["Changed: phone"] == "Olga Orlova"
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)


def test_the_timeline_says_how_somebody_was_verified(cast: Cast) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, cast.sam.account.id)
        account.verified_at = clock.now()
        db.add(account)
    assert "Verified: chose a password" in _whats(cast, "olga", cast.sam.person.id)
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).sign_in_method = SignInMethod.MICROSOFT
    assert "Verified: signed in with Microsoft" in _whats(cast, "olga", cast.sam.person.id)


def test_the_timeline_masks_addresses_for_whom_they_are_not_meant(cast: Cast) -> None:
    with database.transaction() as db:
        _message(db, cast, cast.sam.account.id or 0, status="sent", reason=None)
    assert "Initial invitation to s…@mail.example: sent" in _whats(cast, "cora", cast.sam.person.id)


def test_no_secret_stands_in_a_timeline(cast: Cast) -> None:
    with database.transaction() as db:
        link = copied_links.issue(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    token = link.address.rsplit("/", 1)[-1]
    assert token and token not in " ".join(_whats(cast, "olga", cast.sam.person.id))


def test_an_address_that_two_people_share_is_said(cast: Cast) -> None:
    with database.transaction() as db:
        same = make.person(db, kind="guardian", contact_email=cast.gina.person.contact_email)
        make.account(db, person=same, username="same")
    with database.reading() as db:
        trouble = sign_in_trouble.read(db, cast.olga.actor, account_id=cast.gina.account.id or 0)
    shared = next(found for found in trouble.findings if found.question is Question.SHARED)
    assert not shared.fine and not shared.blocks
    assert trouble.facts.shared_with == 1


def test_unlocking_frees_at_once_and_staff_are_unlocked_by_administrators_only(cast: Cast) -> None:
    now = clock.now()
    with database.transaction() as db:
        for member in (cast.sam, cast.tom):
            account = db.get_one(Account, member.account.id)
            account.suspended_at, account.failed_sign_ins = now, 100
            account.next_try_at = now + timedelta(hours=1)
            db.add(account)
    with database.transaction() as db:
        assert account_unlock.unlock(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        assert not account_unlock.unlock(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    for actor, error in ((cast.olga.actor, NotAllowed), (cast.cora.actor, NotAllowed)):
        with database.transaction() as db, pytest.raises(error):
            account_unlock.unlock(db, actor, account_id=cast.tom.account.id or 0)
    with database.reading() as db:
        sam = db.get_one(Account, cast.sam.account.id)
        assert (sam.suspended_at, sam.next_try_at, sam.failed_sign_ins) == (None, None, 0)
        assert db.get_one(Account, cast.tom.account.id).suspended_at is not None


def test_the_account_card_names_roles_verdicts_and_who_invited(cast: Cast) -> None:
    with database.transaction() as db:
        _message(db, cast, cast.sam.account.id or 0, status="sent", reason=None)
        assert db.get(SchoolSettings, 1)
    with database.reading() as db:
        card = account_card.read(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
    assert card.by_email.yes and card.owner.section == "7B"
    assert [(held.role, held.in_force) for held in card.roles] == [("student", True)]
    assert card.invited_by == "Olga Orlova"


def _message(db: Session, cast: Cast, account_id: int, *, status: str, reason: str | None) -> None:
    campaign = Campaign(
        kind="initial_invitation",
        channel="email",
        idempotency_key=f"key-{status}",
        wording_ids={},
        link_days=7,
        launched_by=cast.olga.account.id,
        launched_by_label="olga",
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=1,
        recipients_digest="",
    )
    db.add(campaign)
    db.flush()
    message = Message(
        campaign_id=campaign.id or 0,
        batch=0,
        channel="email",
        address="sam@mail.example",
        language="en",
        reference=f"reference-{status}",
        status=status,
        reason=reason,
        finished_at=clock.now(),
    )
    db.add(message)
    db.flush()
    db.add(MessageAccount(message_id=message.id or 0, account_id=account_id, campaign_id=campaign.id or 0))
    db.flush()


def test_r60_the_timeline_tells_of_the_account_only_whoever_may_see_accounts(cast: Cast) -> None:
    with database.transaction() as db:
        copied_links.issue(db, cast.olga.actor, account_id=cast.gina.account.id or 0)
    assert _whats(cast, "tom", cast.gina.person.id) == ["Registered"]
    assert any(what.startswith("Link issued") for what in _whats(cast, "cora", cast.gina.person.id))


def test_r60_who_shares_an_address_is_counted_within_the_scope(cast: Cast) -> None:
    with database.transaction() as db:
        for member in (cast.sam, cast.otto):
            person = db.get_one(Person, member.person.id)
            same = {"personal_email": "same@mail.example"}
            people.save(db, cast.ada.actor, person_id=person.id or 0, seen=person.updated_at, **same)
    with database.reading() as db:
        seen = [
            sign_in_trouble.read(db, actor, account_id=cast.sam.account.id or 0).facts.shared_with
            for actor in (cast.olga.actor, cast.cora.actor)
        ]
        assert seen == [1, 0]
