"""A verified person whose e-mail changed confirms the new one; nothing else opens by that link."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from core import clock, database
from core.errors import Conflict, NotFound
from core.models import Account, AuditEntry, FailureReason, Invitation, Message, MessageStatus, Person
from core.permissions import visitor
from core.rules import initial_credentials
from core.rules.delivery_status import Outcome
from core.services import activation, address_confirmation, delivery, delivery_claims, invitations, people, wordings
from core.services.activation import Standing
from core.tables import accounts
from core.tables.filters import AccountFilter, Page
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _verify(db: Session, member: Member) -> None:
    account = db.get_one(Account, member.account.id)
    account.verified_at, account.first_sign_in_at, account.password_hash = clock.now(), clock.now(), "hash"
    account.verified_address = member.person.personal_email
    db.add(account)
    wordings.ensure_defaults(db)


def _change(db: Session, cast: Cast, email: str) -> people.Saved:
    seen = db.get_one(Person, cast.sam.person.id, populate_existing=True).updated_at
    return people.change_email(db, cast.olga.actor, account_id=cast.sam.account.id or 0, seen=seen, email=email)


def _link(db: Session, campaign_id: int) -> str:
    """What the mail of this campaign carries."""
    batch = delivery.open_batch(db, campaign_id=campaign_id, batch=0)
    assert isinstance(batch, delivery_claims.Batch)
    claim = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
    assert isinstance(claim, delivery_claims.Claim)
    return claim.text.text.partition("/v/")[2].split()[0]


def _verified(db: Session, cast: Cast) -> set[str]:
    rows = accounts.page(db, cast.olga.actor, filter=AccountFilter(verified=True), page=Page())
    return set(rows["username"])


def _told(cast: Cast) -> str:
    with database.transaction() as db:
        _verify(db, cast.sam)
        return _link(db, _change(db, cast, "new@mail.example").notices[-1])


def test_r23_another_address_is_not_verified_before_the_person_confirms_it(cast: Cast) -> None:
    with database.transaction() as db:
        _verify(db, cast.sam)
        assert cast.sam.account.username in _verified(db, cast)
    token = _told(cast)
    with database.transaction() as db:
        assert cast.sam.account.username not in _verified(db, cast)
        assert address_confirmation.look_up(db, token=token).address == "new@mail.example"
        assert cast.sam.account.username not in _verified(db, cast)  # looking changes nothing
        assert address_confirmation.confirm(db, visitor(), token=token)
        assert cast.sam.account.username in _verified(db, cast)
        assert not address_confirmation.confirm(db, visitor(), token=token)
        assert len(db.exec(select(AuditEntry).where(AuditEntry.action == "address.confirmed")).all()) == 1


def test_r23_the_question_opens_no_account(cast: Cast) -> None:
    token = _told(cast)
    with database.reading() as db:
        assert activation.look_up(db, visitor(), token=token).standing is Standing.UNKNOWN
        account = db.get_one(Account, cast.sam.account.id)
        assert (account.invited_at, account.times_invited) == (None, 0)


def test_r17_an_address_that_changes_once_more_leaves_the_first_question_dead(cast: Cast) -> None:
    first = _told(cast)
    with database.transaction() as db:
        second = _link(db, _change(db, cast, "newest@mail.example").notices[-1])
        assert not address_confirmation.look_up(db, token=first).is_live
        assert address_confirmation.look_up(db, token=second).address == "newest@mail.example"


def test_choosing_a_password_meanwhile_leaves_the_question_open(cast: Cast) -> None:
    token = _told(cast)
    with database.transaction() as db:
        made = invitations.issue_link(db, account_id=cast.sam.account.id or 0, channel="copied", address="", days=7)
        activation.redeem(db, visitor(), token=made.token, password_hash="other")
        assert address_confirmation.look_up(db, token=token).is_live


def test_going_back_to_the_verified_address_needs_no_answer(cast: Cast) -> None:
    _told(cast)
    with database.transaction() as db:
        _change(db, cast, cast.sam.person.personal_email)
        assert cast.sam.account.username in _verified(db, cast)


def test_an_invitation_by_mail_verifies_its_address_and_a_slip_none(cast: Cast) -> None:
    with database.transaction() as db:
        for member, channel in ((cast.sam, "email"), (cast.max, "paper")):
            address = member.person.personal_email if channel == "email" else ""
            made = invitations.issue_link(
                db, account_id=member.account.id or 0, channel=channel, address=address, days=7
            )
            activation.redeem(db, visitor(), token=made.token, password_hash="hash")
        assert _verified(db, cast) >= {cast.sam.account.username}
        assert cast.max.account.username not in _verified(db, cast)


def test_an_ended_or_foreign_link_asks_nothing(cast: Cast, clock: Clock) -> None:
    token = _told(cast)
    clock.forward(days=30)
    with database.transaction() as db:
        assert not address_confirmation.look_up(db, token=token).is_live
        assert not address_confirmation.confirm(db, visitor(), token=token)
        assert not address_confirmation.look_up(db, token="none").is_live
        forged = initial_credentials.link_token(b"k" * 32, "0" * 32)
        assert not address_confirmation.look_up(db, token=forged).is_live


def test_staff_ask_again_from_the_card_but_not_for_a_confirmed_address(cast: Cast) -> None:
    first = _told(cast)
    with database.transaction() as db:
        campaign = address_confirmation.ask(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        again = _link(db, campaign)
        assert not address_confirmation.look_up(db, token=first).is_live
        assert address_confirmation.confirm(db, visitor(), token=again)
        with pytest.raises(Conflict, match="confirmed already"):
            address_confirmation.ask(db, cast.olga.actor, account_id=cast.sam.account.id or 0)
        with pytest.raises(Conflict, match="nobody has chosen"):
            address_confirmation.ask(db, cast.olga.actor, account_id=cast.max.account.id or 0)


def test_r60_nobody_asks_people_outside_their_classes(cast: Cast) -> None:
    office_of_7b = replace(cast.olga.actor, scope=cast.cora.actor.scope)
    with database.transaction() as db, pytest.raises(NotFound):
        address_confirmation.ask(db, office_of_7b, account_id=cast.otto.account.id or 0)


def test_a_first_address_is_asked_about_and_ends_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        _verify(db, cast.sam)
        _change(db, cast, "")
        made = invitations.issue_link(db, account_id=cast.sam.account.id or 0, channel="paper", address="", days=7)
        saved = _change(db, cast, "first@mail.example")
        assert len(saved.notices) == 1 and saved.invitations_ended == 0
        assert db.get_one(Invitation, made.invitation_id).superseded_at is None
        message = db.exec(select(Message).where(Message.campaign_id == saved.notices[0])).one()
        assert message.address == "first@mail.example"


def test_a_question_that_comes_back_marks_the_address_and_invites_nobody(cast: Cast) -> None:
    with database.transaction() as db:
        _verify(db, cast.sam)
        campaign_id = _change(db, cast, "gone@mail.example").notices[-1]
        _link(db, campaign_id)
        message = db.exec(select(Message).where(Message.campaign_id == campaign_id)).one()
        failed = Outcome(MessageStatus.FAILED, reason=FailureReason.BOUNCED)
        delivery.record(db, message_id=message.id or 0, outcome=failed)
    with database.reading() as db:
        account = db.get_one(Account, cast.sam.account.id)
        assert (account.delivery, account.delivery_reason) == ("failed", "bounced")
        assert (account.delivery_address, account.invited_at) == ("gone@mail.example", None)
