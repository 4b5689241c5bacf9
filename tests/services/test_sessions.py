"""Where somebody is signed in: seen and ended by themselves, and by administrators. On both databases."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlmodel import select

from core import database
from core.errors import NotAllowed, NotFound
from core.models import AuditEntry, SchoolSettings, SignInSession
from core.permissions import Actor
from core.services import sessions, sign_in_steps
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def _signed_in(member: Member, clock: Clock, *, agent: str = FIREFOX, session_id: str = "") -> str:
    session_id = session_id or secrets.token_hex(16)
    now = clock.now
    with database.transaction() as db:
        db.add(
            SignInSession(
                id=session_id,
                token_hash=session_id,
                account_id=member.account.id or 0,
                created_at=now,
                last_used_at=now,
                expires_at=now + timedelta(hours=8),
                user_agent=agent,
            )
        )
    return session_id


def _own(actor: Actor) -> list[sessions.Place]:
    with database.reading() as db:
        return sessions.own(db, actor)


def _live(*session_ids: str) -> list[bool]:
    with database.reading() as db:
        return [db.get_one(SignInSession, one).ended_at is None for one in session_ids]


def test_r39_one_sees_where_one_is_signed_in_and_nothing_that_opens_it(cast: Cast, clock: Clock) -> None:
    phone = _signed_in(cast.sam, clock, agent=PHONE)
    clock.forward(minutes=1)
    here = _signed_in(cast.sam, clock, session_id=cast.sam.actor.session_id or "")
    _signed_in(cast.max, clock)
    places = _own(cast.sam.actor)
    assert [(place.device, place.is_here) for place in places] == [
        ("Firefox · Windows", True),
        ("Safari · iPhone", False),
    ]
    assert not {phone, here} & {place.handle for place in places}
    clock.forward(minutes=30)
    assert _own(cast.sam.actor) == []  # what was not used for so long opens nothing any more


def test_r39_one_ends_ones_own_other_sessions_and_nobody_elses(cast: Cast, clock: Clock) -> None:
    here = _signed_in(cast.sam, clock, session_id=cast.sam.actor.session_id or "")
    one, two, of_max = _signed_in(cast.sam, clock), _signed_in(cast.sam, clock), _signed_in(cast.max, clock)
    with database.reading() as db:
        handles = {place.handle for place in sessions.own(db, cast.max.actor)}
    with database.transaction() as db:
        for handle in (*handles, "", "x" * 5000, one, "é"):
            assert not sessions.end_own(db, cast.sam.actor, handle=handle)
        first = next(place.handle for place in sessions.own(db, cast.sam.actor) if not place.is_here)
        assert sessions.end_own(db, cast.sam.actor, handle=first)
        assert not sessions.end_own(db, cast.sam.actor, handle=first)
    assert sorted(_live(one, two)) == [False, True]
    with database.transaction() as db:
        assert sessions.end_others(db, cast.sam.actor) == 1
    assert _live(here, one, two, of_max) == [True, False, False, True]


def test_r39_an_administrator_ends_anybodys_sessions_and_the_audit_says_so(cast: Cast, clock: Clock) -> None:
    ids = [_signed_in(member, clock) for member in (cast.sam, cast.sam, cast.olga)]
    with database.transaction() as db:
        assert len(sessions.of_account(db, cast.ada.actor, account_id=cast.sam.account.id or 0)) == 2
        assert sessions.end_all(db, cast.ada.actor, account_id=cast.sam.account.id or 0) == 2
        assert sessions.end_all(db, cast.ada.actor, account_id=cast.olga.account.id or 0) == 1
        assert sessions.end_all(db, cast.ada.actor, account_id=cast.olga.account.id or 0) == 0
        entries = db.exec(select(AuditEntry)).all()
    assert _live(*ids) == [False] * 3
    assert [(entry.action, entry.details) for entry in entries] == [
        ("sessions.ended", {"sessions": 2}),
        ("sessions.ended", {"sessions": 1}),
    ]


def test_r39_whoever_is_between_password_and_code_is_signed_out_too(cast: Cast, clock: Clock) -> None:
    account_id = cast.olga.account.id or 0
    for ends in (
        lambda db: sessions.end_all(db, cast.ada.actor, account_id=account_id),
        lambda db: sessions.end_others(db, cast.olga.actor),
    ):
        with database.transaction() as db:
            token = sign_in_steps.begin(db, cast.olga.actor, target="/", enrol=True)
            assert sign_in_steps.look_up(db, token=token)
            ends(db)
            assert sign_in_steps.look_up(db, token=token) is None


def test_r60_who_may_not_sign_others_out_is_refused(cast: Cast, clock: Clock) -> None:
    _signed_in(cast.ada, clock)
    with database.transaction() as db:
        for actor, member in ((cast.cora.actor, cast.sam), (cast.sam.actor, cast.sam), (cast.olga.actor, cast.ada)):
            for act in (sessions.of_account, sessions.end_all):
                with pytest.raises(NotAllowed):
                    act(db, actor, account_id=member.account.id or 0)
        assert sessions.end_all(db, cast.olga.actor, account_id=cast.sam.account.id or 0) == 0
        with pytest.raises(NotFound):
            sessions.end_all(db, cast.ada.actor, account_id=99_999)


def test_r36_the_school_decides_how_long_a_session_lives(cast: Cast, clock: Clock) -> None:
    _signed_in(cast.sam, clock, session_id=cast.sam.actor.session_id or "")
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).idle_minutes = 5
    clock.forward(minutes=4, seconds=59)
    assert len(_own(cast.sam.actor)) == 1
    clock.forward(seconds=1)
    assert _own(cast.sam.actor) == []
