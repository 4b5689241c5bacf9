"""A forgotten password: who gets a link, where, how often, and what it opens. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.errors import TokenRejected
from core.models import Account, AuditEntry, Campaign, Channel, Invitation, Message, OptOut, Person, SchoolSettings
from core.permissions import visitor
from core.services import activation, delivery, recovery, wordings
from core.services.activation import Standing
from core.services.delivery_claims import Batch, Claim
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

HASH = "$argon2id$chosen"


@pytest.fixture
def people(clock: Clock, cast: Cast) -> Cast:
    """Everybody has chosen a password."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.execute(sa.update(Account).values(password_hash=HASH, first_sign_in_at=clock.now))
    return cast


def _become(member: Member, model: Any = Account, **facts: Any) -> None:
    which = member.account.id if model is Account else member.person.id
    with database.transaction() as db:
        db.execute(sa.update(model).where(col(model.id) == which).values(**facts))


def _answer(member: Member) -> int | None:
    with database.transaction() as db:
        return recovery.answer(db, account_id=member.account.id or 0)


def _where(campaign_id: int | None) -> tuple[str, str] | None:
    with database.reading() as db:
        row = db.exec(select(Message).where(Message.campaign_id == campaign_id)).first()
        return (row.channel, row.address) if row else None


def _sent(campaign_id: int | None) -> Claim:
    """The message as it leaves."""
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=campaign_id or 0, batch=0)
        assert isinstance(batch, Batch)
        claim = delivery.claim(db, batch=batch, message_id=batch.message_ids[0])
    assert isinstance(claim, Claim)
    return claim


def _token(claim: Claim) -> str:
    return claim.text.text.partition("/i/")[2][:26]


def _redeem(token: str) -> Account:
    with database.transaction() as db:
        return activation.redeem(db, visitor(), token=token, password_hash="$argon2id$new")


@pytest.mark.parametrize("who", ["sam", "gina", "ada", "tom"])
def test_students_guardians_and_staff_get_a_link_at_their_address_on_file(people: Cast, who: str) -> None:
    member: Member = getattr(people, who)
    address = member.person.personal_email if who == "sam" else member.person.contact_email
    assert _where(_answer(member)) == (Channel.EMAIL, address)


@pytest.mark.parametrize(
    "facts",
    [
        {"deactivated_at": "now"},
        {"sign_in_method": "microsoft"},
        {"password_hash": "", "invited_at": None},
    ],
    ids=["deactivated", "of Microsoft", "never invited"],
)
def test_who_has_nothing_to_reset_gets_nothing(people: Cast, clock: Clock, facts: dict[str, Any]) -> None:
    _become(people.sam, **{name: clock.now if value == "now" else value for name, value in facts.items()})
    assert _answer(people.sam) is None


def test_who_lost_the_slip_before_choosing_a_password_gets_a_link_too(people: Cast, clock: Clock) -> None:
    _become(people.sam, password_hash="", first_sign_in_at=None, invited_at=clock.now)
    claim = _sent(_answer(people.sam))
    assert _redeem(_token(claim)).verified_at == clock.now


def test_who_left_the_school_gets_nothing(people: Cast) -> None:
    _become(people.sam, Person, status="left")
    assert _answer(people.sam) is None


def test_who_left_the_school_after_asking_gets_nothing(people: Cast) -> None:
    asked = _answer(people.sam)
    _become(people.sam, Person, status="left")
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=asked or 0, batch=0)
        assert isinstance(batch, Batch)
        assert delivery.claim(db, batch=batch, message_id=batch.message_ids[0]) is None


def test_r81_only_without_an_address_a_text_message_and_never_to_staff(people: Cast) -> None:
    mobile = {"mobile": "+306912345678", "mobile_region": "GR"}
    _become(people.sam, Person, use_personal_email=False, **mobile)
    _become(people.tom, Person, contact_email="", contact_email_valid=False, **mobile)
    assert _where(_answer(people.sam)) == (Channel.SMS, "+306912345678")
    assert _answer(people.tom) is None
    text = _sent(_campaign_of("sms")).text.text
    assert "/i/" in text and people.sam.person.last_name not in text


def test_r88_who_wants_no_text_messages_gets_none(people: Cast, clock: Clock) -> None:
    _become(people.sam, Person, use_personal_email=False, mobile="+306912345678", mobile_region="GR")
    with database.transaction() as db:
        db.add(OptOut(channel="sms", address="+306912345678", since=clock.now))
    assert _answer(people.sam) is None


def _campaign_of(channel: str) -> int | None:
    with database.reading() as db:
        return db.exec(select(Campaign.id).where(Campaign.channel == channel)).first()


def test_r20_once_a_minute_and_five_times_a_day(people: Cast, clock: Clock) -> None:
    assert _answer(people.sam) is not None
    assert _answer(people.sam) is None
    for _time in range(4):
        clock.forward(seconds=61)
        assert _answer(people.sam) is not None
    clock.forward(seconds=61)
    assert _answer(people.sam) is None
    assert _answer(people.max) is not None
    clock.forward(days=1)
    assert _answer(people.sam) is not None


def test_r16_the_link_works_for_an_hour(people: Cast, clock: Clock) -> None:
    token = _token(_sent(_answer(people.sam)))
    clock.forward(minutes=59, seconds=59)
    assert _offer(token) is Standing.LIVE
    clock.forward(seconds=1)
    assert _offer(token) is Standing.ENDED
    with pytest.raises(TokenRejected):
        _redeem(token)


def test_r16_r20_whoever_strangers_asked_for_all_day_has_a_last_link_that_works_until_the_next_may_be_sent(
    people: Cast, clock: Clock
) -> None:
    for _time in range(4):
        earlier = _token(_sent(_answer(people.sam)))
        clock.forward(minutes=2)
    last = _token(_sent(_answer(people.sam)))
    clock.forward(hours=23, minutes=51)
    assert _answer(people.sam) is None  # the mailbox is not flooded
    assert (_offer(earlier), _offer(last)) == (Standing.REPLACED, Standing.LIVE)
    clock.forward(minutes=1)
    next_one = _token(_sent(_answer(people.sam)))
    assert (_offer(last), _offer(next_one)) == (Standing.REPLACED, Standing.LIVE)
    clock.forward(hours=23, minutes=59, seconds=59)
    assert _offer(next_one) is Standing.LIVE  # so it goes on for as long as they do
    clock.forward(seconds=1)
    assert _offer(next_one) is Standing.ENDED


@pytest.mark.parametrize("days", [1, 7])
def test_r16_how_long_invitations_last_says_nothing_about_a_forgotten_password(
    people: Cast, clock: Clock, days: int
) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).link_days = days
    token = _token(_sent(_answer(people.sam)))
    clock.forward(hours=1)
    assert _offer(token) is Standing.ENDED


def _offer(token: str) -> Standing:
    with database.reading() as db:
        return activation.look_up(db, visitor(), token=token).standing


def test_r17_only_the_newest_of_three_works_and_only_once(people: Cast, clock: Clock) -> None:
    tokens = []
    for _time in range(3):
        tokens.append(_token(_sent(_answer(people.sam))))
        clock.forward(minutes=2)
    assert [_offer(token) for token in tokens] == [Standing.REPLACED, Standing.REPLACED, Standing.LIVE]
    _redeem(tokens[2])
    for token in tokens:
        with pytest.raises(TokenRejected):
            _redeem(token)


def test_r09_a_reset_ends_waiting_and_suspension(people: Cast, clock: Clock) -> None:
    _become(people.sam, failed_sign_ins=100, suspended_at=clock.now, next_try_at=clock.now + timedelta(hours=1))
    account = _redeem(_token(_sent(_answer(people.sam))))
    assert (account.failed_sign_ins, account.suspended_at, account.next_try_at) == (0, None, None)
    assert account.password_hash == "$argon2id$new"


def test_a_reset_leaves_the_facts_of_the_invitation_alone(people: Cast) -> None:
    _sent(_answer(people.sam))
    with database.reading() as db:
        account = db.get_one(Account, people.sam.account.id)
        assert (account.invited_at, account.times_invited, account.invitation_ends_at) == (None, 0, None)
        purposes = db.exec(select(Invitation.purpose)).all()
    assert purposes == ["reset"]


def test_r97_the_audit_says_that_somebody_asked_and_not_what_they_typed(people: Cast) -> None:
    with database.transaction() as db:
        recovery.ask(db, visitor("192.0.2.7"), account_id=people.sam.account.id)
        recovery.ask(db, visitor("192.0.2.7"), account_id=None)
    claim = _sent(_answer(people.sam))
    _redeem(_token(claim))
    with database.reading() as db:
        entries = db.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).all()
    assert [entry.action for entry in entries] == [
        "recovery.asked",
        "recovery.asked",
        "recovery.link_queued",
        "password.reset",
    ]
    assert claim.address not in str([entry.model_dump() for entry in entries])
