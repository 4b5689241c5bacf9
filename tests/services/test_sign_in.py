"""Sessions and counted failures, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from core import database
from core.errors import NotFound
from core.models import Account, AccountRole, AuditEntry, SignInSession
from core.permissions import Actor, Role, visitor
from core.services import audit, open_session, sign_in, step_up
from core.services.sign_in import Opened
from core.tables import candidates
from core.tables.candidates import Candidate
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases

STORED = "$argon2id$as-it-stands"


def _try(member: Member, *, fits: bool, stored: str = STORED) -> Opened | None:
    with database.transaction() as db:
        account = db.get_one(Account, member.account.id)
        account.password_hash = account.password_hash or STORED
    with database.transaction() as db:
        candidate = Candidate(member.account.id, stored)
        return sign_in.open(db, visitor("192.0.2.7"), candidate=candidate, fits=fits, user_agent="Browser/1 " * 50)


def _enter(member: Member) -> Opened:
    opened = _try(member, fits=True)
    assert opened and opened.token
    return opened


def _who(token: str) -> Actor | None:
    with database.reading() as db:
        return open_session.actor_of(db, token=token)


def _account(member: Member) -> Account:
    with database.reading() as db:
        return db.get_one(Account, member.account.id)


def _actions() -> list[str]:
    with database.reading() as db:
        return list(db.exec(select(AuditEntry.action).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_signing_in_leaves_its_facts(cast: Cast, clock: Clock) -> None:
    opened = _enter(cast.tom)
    first = clock.now
    clock.forward(days=1)
    _enter(cast.tom)
    account = _account(cast.tom)
    assert (account.first_sign_in_at, account.last_sign_in_at, account.sign_ins) == (first, clock.now, 2)
    assert opened.actor.roles == {Role.TEACHER}
    assert opened.actor.scope.section_ids == {cast.class_7b.id}
    assert _actions() == ["sign_in.opened"] * 2
    with database.reading() as db:
        assert audit.verify(db).broken_at is None
        session = db.exec(select(SignInSession)).first()
        assert session and len(session.user_agent) == 200 and session.ip == "192.0.2.7"


def test_r34_the_database_holds_a_hash_of_the_token_only(cast: Cast) -> None:
    token = _enter(cast.tom).token
    with database.reading() as db:
        assert token not in str([row.model_dump() for row in db.exec(select(SignInSession))])
    assert _who(token)
    for other in ("", token[:-1], token + "x", "x" * 5000, token.swapcase()):
        assert _who(other) is None


def test_r08_a_hundred_failures_suspend_the_password_and_not_the_sessions(cast: Cast, clock: Clock) -> None:
    inside = _enter(cast.tom).token
    for number in range(1, 101):
        assert _try(cast.tom, fits=False) is None
        assert _account(cast.tom).failed_sign_ins == number
        clock.forward(hours=1, seconds=1)
    with database.transaction() as db:
        session = db.exec(select(SignInSession)).one()
        session.last_used_at, session.expires_at = clock.now, clock.now + timedelta(hours=1)
    assert _account(cast.tom).suspended_at
    assert _try(cast.tom, fits=True) is None
    assert _who(inside)


def test_r08_while_it_waits_an_account_neither_opens_nor_counts(cast: Cast, clock: Clock) -> None:
    for _number in range(5):
        _try(cast.tom, fits=False)
    for fits in (True, False, True):
        assert _try(cast.tom, fits=fits) is None
    assert _account(cast.tom).failed_sign_ins == 5
    clock.forward(seconds=30)
    assert _try(cast.tom, fits=True)
    assert (_account(cast.tom).failed_sign_ins, _account(cast.tom).next_try_at) == (0, None)
    assert _actions().count("sign_in.refused") == 8


def test_a_password_changed_since_it_was_checked_does_not_open(cast: Cast) -> None:
    assert _try(cast.tom, fits=True, stored="$argon2id$of-yesterday") is None
    assert _account(cast.tom).failed_sign_ins == 1


def test_nobody_and_the_deactivated_are_refused_and_written_down(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        assert sign_in.open(db, visitor(), candidate=Candidate(None, ""), fits=True) is None
        db.get_one(Account, cast.tom.account.id).deactivated_at = clock.now
    assert _try(cast.tom, fits=True) is None
    assert _account(cast.tom).failed_sign_ins == 0
    assert _actions() == ["sign_in.refused"] * 2


def test_a_username_is_found_in_any_case_and_nothing_else_is(cast: Cast) -> None:
    username = cast.tom.account.username
    with database.reading() as db:
        for typed in (username, username.upper(), f"  {username} "):
            assert candidates.named(db, username=typed).account_id == cast.tom.account.id
        for typed in ("", "%", username[:-1], "a\x00b", "' or 1=1 --", "x" * 10_000):
            assert candidates.named(db, username=typed).account_id is None


def test_a_role_holds_between_its_dates_and_a_session_follows_at_once(cast: Cast, clock: Clock) -> None:
    token = _enter(cast.tom).token
    today = clock.now.date()
    for starts, ends, holds in (
        (None, today, True),
        (today, None, True),
        (today + timedelta(days=1), None, False),
        (None, today - timedelta(days=1), False),
    ):
        with database.transaction() as db:
            role = db.exec(select(AccountRole).where(AccountRole.account_id == cast.tom.account.id)).one()
            role.starts_on, role.ends_on = starts, ends
        assert (_who(token) is not None) is holds
    opened = _try(cast.tom, fits=True)
    assert opened and opened.token == ""


def test_r36_only_what_a_person_does_keeps_a_session_alive(cast: Cast, clock: Clock) -> None:
    opened = _enter(cast.ada)
    clock.forward(minutes=14)
    assert _who(opened.token)
    with database.transaction() as db:
        assert open_session.is_due_to_note(db, actor=opened.actor)
        open_session.note_use(db, actor=opened.actor)
        assert not open_session.is_due_to_note(db, actor=opened.actor)
    clock.forward(minutes=14)
    assert _who(opened.token)
    clock.forward(minutes=1)
    assert _who(opened.token) is None


def test_r36_an_administrator_is_out_after_eight_hours_of_work(cast: Cast, clock: Clock) -> None:
    opened = _enter(cast.ada)
    for _step in range(48):
        assert _who(opened.token)
        clock.forward(minutes=10)
        with database.transaction() as db:
            open_session.note_use(db, actor=opened.actor)
    assert _who(opened.token) is None


def test_r38_closing_ends_this_session_and_closing_all_spares_one(cast: Cast) -> None:
    one, two, three = (_enter(cast.tom) for _session in range(3))
    with database.transaction() as db:
        open_session.close(db, one.actor)
    assert [_who(opened.token) is None for opened in (one, two, three)] == [True, False, False]
    with database.transaction() as db:
        open_session.close_all(db, account_id=cast.tom.account.id or 0, but=two.actor.session_id)
    assert [_who(opened.token) is None for opened in (one, two, three)] == [True, False, True]
    with database.transaction() as db:
        open_session.note_use(db, actor=one.actor)  # an act in an ended session wakes nothing
    assert _who(one.token) is None


def test_r31_a_proof_in_one_browser_says_nothing_about_another(cast: Cast, clock: Clock) -> None:
    here, there = _enter(cast.tom), _enter(cast.tom)
    clock.forward(minutes=11)
    with database.transaction() as db:
        step_up.note(db, here.actor)
    seen = [_who(opened.token) for opened in (here, there)]
    assert [actor is not None and actor.is_fresh for actor in seen] == [True, False]


def test_r60_nobody_confirms_the_password_of_somebody_else(cast: Cast) -> None:
    of_tom = Candidate(cast.tom.account.id, STORED)
    with pytest.raises(NotFound), database.transaction() as db:
        sign_in.confirm(db, cast.olga.actor, candidate=of_tom, fits=True)


def test_r39_a_sixth_session_ends_the_oldest(cast: Cast, clock: Clock) -> None:
    tokens = []
    for _session in range(6):
        tokens.append(_enter(cast.tom).token)
        clock.forward(seconds=1)
    assert [_who(token) is None for token in tokens] == [True] + [False] * 5


def test_r40_a_form_token_fits_its_own_session_only(cast: Cast) -> None:
    one, two = _enter(cast.tom).actor, _enter(cast.tom).actor
    assert open_session.form_token_fits(one, open_session.form_token(one))
    for text in (open_session.form_token(two), "", "x", "é"):
        assert not open_session.form_token_fits(one, text)
