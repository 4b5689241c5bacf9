"""A link is used up once, in the transaction that stores the password, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from core import database, keys
from core.errors import InputProblem, TokenRejected
from core.models import Account, AuditEntry, Invitation, SchoolSettings, Superseded
from core.permissions import visitor
from core.services import activation, audit, invitations
from core.services.activation import Offer, Standing
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def _link(member: Member, *, days: int = 7) -> str:
    with database.transaction() as db:
        issued = invitations.issue_link(db, account_id=member.account.id or 0, channel="email", address="", days=days)
        return issued.token


def _look(token: str) -> Offer:
    with database.reading() as db:
        return activation.look_up(db, visitor(), token=token)


def _redeem(token: str, *, stored: str = "$argon2id$chosen") -> bool:
    try:
        with database.transaction(wait_ms=30_000) as db:
            activation.redeem(db, visitor(), token=token, password_hash=stored)
    except TokenRejected:
        return False
    return True


def _account(member: Member) -> Account:
    with database.reading() as db:
        return db.get_one(Account, member.account.id)


def test_r13_one_of_fifty_at_once_gets_the_link_and_one_entry_says_so(cast: Cast) -> None:
    token = _link(cast.sam)
    with ThreadPoolExecutor(50) as pool:
        got = list(pool.map(lambda number: _redeem(token, stored=f"$argon2id${number}"), range(50)))
    assert sorted(got) == [False] * 49 + [True]
    assert _account(cast.sam).password_hash == f"$argon2id${got.index(True)}"
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "invitation.used")).one()
        assert (entry.object_id, entry.details) == (cast.sam.account.id, {})
        assert audit.verify(db).broken_at is None


def test_r13_without_its_audit_entry_nothing_happens(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _link(cast.sam)
    with pytest.raises(OSError, match="disk"), monkeypatch.context() as patch:
        patch.setattr(audit, "record", _full_disk)
        _redeem(token)
    assert _account(cast.sam).password_hash == ""
    assert _look(token).is_live
    assert _redeem(token)


def test_r17_an_account_that_went_to_microsoft_gets_no_password_by_a_link_of_before(cast: Cast) -> None:
    token = _link(cast.sam)
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).sign_in_method = "microsoft"
    assert not _redeem(token)
    assert _account(cast.sam).password_hash == ""


def _full_disk(*_arguments: object, **_more: object) -> None:
    raise OSError("disk full")


def test_what_a_link_offers_is_what_its_reader_needs(cast: Cast) -> None:
    offer = _look(_link(cast.gina))
    assert (offer.school_name, offer.first_name, offer.username, offer.language) == (
        "Athena School",
        "Gina",
        cast.gina.account.username,
        "el",
    )
    assert (offer.standing, offer.shortest, offer.is_microsoft) == (Standing.LIVE, 15, False)


def test_r20_a_stranger_learns_nothing_from_a_made_up_link(cast: Cast) -> None:
    neutral = Offer(Standing.UNKNOWN, "Athena School")
    for token in ("", "x", "0" * 26, "٣" * 26, "A" * 10_000, "\x00", "0" * 25 + "\n"):
        assert _look(token) == neutral
        assert not _redeem(token)


def test_r17_a_chosen_password_ends_every_other_invitation(cast: Cast) -> None:
    token = _link(cast.sam)
    with database.transaction() as db:
        key = keys.current()
        values = {"account_id": cast.sam.account.id, "purpose": "password", "uid": "1" * 32, "kid": key.kid}
        link = db.exec(select(Invitation)).one()
        ends = {"issued_at": link.issued_at, "expires_at": link.expires_at}
        db.add(Invitation(**values, **ends, token_hash="of the slip", channel="paper"))
    assert _redeem(token)
    with database.reading() as db:
        link, slip = db.exec(select(Invitation).order_by(Invitation.id)).all()  # type: ignore[arg-type]
        assert link.used_at and link.superseded_at is None
        assert slip.superseded_because == Superseded.PASSWORD_CHOSEN
    assert _look(token).standing is Standing.USED


def test_r16_a_link_works_until_its_last_second(cast: Cast, clock: Clock) -> None:
    token = _link(cast.sam, days=1)
    clock.forward(days=1, seconds=-1)
    assert _look(token).is_live
    clock.forward(seconds=1)
    assert _look(token).standing is Standing.ENDED
    assert not _redeem(token)


@pytest.mark.parametrize(
    ("because", "standing"),
    [
        (Superseded.REPLACED, Standing.REPLACED),
        (Superseded.PASSWORD_CHOSEN, Standing.USED),
        (Superseded.ADDRESS_CHANGED, Standing.ENDED),
        (Superseded.DEACTIVATED, Standing.ENDED),
    ],
)
def test_a_dead_link_says_what_became_of_it(cast: Cast, clock: Clock, because: Superseded, standing: Standing) -> None:
    token = _link(cast.sam)
    clock.forward(hours=1)
    with database.transaction() as db:
        invitations.supersede(db, account_id=cast.sam.account.id or 0, because=because)
    offer = _look(token)
    assert (offer.standing, offer.at) == (standing, clock.now)
    assert not _redeem(token)


def test_r01_the_schools_own_shortest_length_counts_per_user_type(cast: Cast) -> None:
    with database.transaction() as db:
        school = db.get_one(SchoolSettings, 1)
        school.password_length, school.staff_password_length = 10, 20
    student, teacher = _look(_link(cast.sam)), _look(_link(cast.tom))
    assert (student.shortest, teacher.shortest) == (10, 20)
    activation.check_password(student, password="plum tram hat fog")
    with pytest.raises(InputProblem, match="too short"):
        activation.check_password(teacher, password="plum tram hat fog")


def test_r11_tokens_never_repeat_and_none_is_stored(cast: Cast) -> None:
    tokens = set()
    with database.transaction() as db:
        for _issue in range(200):
            issued = invitations.issue_link(
                db, account_id=cast.sam.account.id or 0, channel="email", address="", days=7
            )
            tokens.add(issued.token)
    assert len(tokens) == 200 and {len(token) for token in tokens} == {26}
    with database.reading() as db:
        dump = str([row.model_dump() for row in db.exec(select(Invitation))])
    assert not any(token in dump for token in tokens)
