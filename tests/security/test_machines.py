"""Tokens, throttles and sessions as state machines: whatever happens in whatever order, a small model agrees (R111)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core import database
from core.errors import TokenRejected
from core.models import Account, Purpose, Superseded
from core.permissions import Role, visitor
from core.rules import sign_in_limits
from core.services import activation, invitations, open_session, sessions, sign_in
from core.services.activation import Standing
from core.tables.candidates import Candidate
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.security.site import LONG

SOME = settings(
    max_examples=300 if LONG else 8,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HASH = "$argon2id$chosen"
WAITS = st.sampled_from([1, 29, 31, 600, 1800, 3600, 7 * 86_400])


class _Machine(RuleBasedStateMachine):
    """Each run has a student of its own in the same school."""

    def __init__(self, school: Cast, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        with database.transaction() as db:
            person = make.person(db, in_section=school.class_7b)
            account = make.account(db, person=person, username=f"machine.{person.id}", password_hash=HASH)
            make.role(db, account=account, role=Role.STUDENT)
        self.account_id = account.id or 0

    @rule(seconds=WAITS)
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)

    def account(self) -> Account:
        with database.reading() as db:
            return db.get_one(Account, self.account_id)


class TokenLife(_Machine):
    """A link is live from its issue until it ends, is used, or anything newer or stronger takes its place."""

    def __init__(self, school: Cast, clock: Clock) -> None:
        super().__init__(school, clock)
        self.ends: dict[str, tuple[Purpose, datetime]] = {}
        self.all: list[str] = []
        self.active = True

    @rule(purpose=st.sampled_from([Purpose.LINK, Purpose.RESET]))
    def issue(self, purpose: Purpose) -> None:
        with database.transaction() as db:
            issued = invitations.issue(
                db, purpose, account_id=self.account_id, channel="email", address="a@mail.example", days=7
            )
        self.ends = {token: end for token, end in self.ends.items() if end[0] is not purpose}
        lasts = timedelta(hours=1) if purpose is Purpose.RESET else timedelta(days=7)
        self.ends[issued.token] = (purpose, self.clock.now + lasts)
        self.all.append(issued.token)

    @rule(because=st.sampled_from([Superseded.VOIDED, Superseded.ADDRESS_CHANGED, Superseded.ROLE_CHANGED]))
    def take_back(self, because: Superseded) -> None:
        with database.transaction() as db:
            invitations.supersede(db, account_id=self.account_id, because=because)
        self.ends = {}

    @rule()
    def switch(self) -> None:
        self.active = not self.active
        with database.transaction() as db:
            account = db.get_one(Account, self.account_id)
            account.deactivated_at = None if self.active else self.clock.now

    @precondition(lambda self: self.all)
    @rule(which=st.integers(min_value=0))
    def redeem(self, which: int) -> None:
        token = self.all[which % len(self.all)]
        expected = self.is_live(token)
        try:
            with database.transaction() as db:
                activation.redeem(db, visitor(), token=token, password_hash=f"{HASH}{which}")
            done = True
        except TokenRejected:
            done = False
        assert done == expected
        if done:
            self.ends = {}

    def is_live(self, token: str) -> bool:
        return self.active and token in self.ends and self.ends[token][1] > self.clock.now

    @invariant()
    def the_pages_say_the_same(self) -> None:
        with database.reading() as db:
            for token in self.all[-6:]:
                offer = activation.look_up(db, visitor(), token=token)
                assert (offer.standing is Standing.LIVE) == self.is_live(token)


class Throttling(_Machine):
    """The right password opens when nobody has to wait; a known device never waits for the failures of others."""

    def __init__(self, school: Cast, clock: Clock) -> None:
        super().__init__(school, clock)
        self.failures, self.until, self.suspended = 0, clock.now, False

    def attempt(self, *, fits: bool, trusted: bool = False) -> bool:
        with database.transaction() as db:
            opened = sign_in.open(db, visitor(), candidate=Candidate(self.account_id, HASH), fits=fits, trusted=trusted)
        return opened is not None

    @property
    def waits(self) -> bool:
        return self.until > self.clock.now

    @rule(times=st.integers(1, 8))
    def guess(self, times: int) -> None:
        for _time in range(times):
            assert not self.attempt(fits=False)
            if self.waits:
                continue
            self.failures += 1
            self.until = self.clock.now + sign_in_limits.wait_after(self.failures)
            self.suspended = self.suspended or self.failures >= sign_in_limits.SUSPENDED_AFTER

    @precondition(lambda self: self.failures < 97)
    @rule()
    def somebody_has_guessed_for_days(self) -> None:
        with database.transaction() as db:
            account = db.get_one(Account, self.account_id)
            account.failed_sign_ins, account.next_try_at = 97, None
        self.failures, self.until = 97, self.clock.now

    @rule()
    def guess_for_hours(self) -> None:
        for _time in range(4):
            self.clock.forward(hours=1, seconds=1)
            self.guess(1)

    @rule()
    def a_stranger_types_it_right(self) -> None:
        opened = self.attempt(fits=True)
        assert opened == (not self.waits and not self.suspended)
        if opened:
            self.failures, self.until = 0, self.clock.now

    @rule()
    def the_owner_comes_on_a_known_device(self) -> None:
        assert self.attempt(fits=True, trusted=True)
        if not self.suspended:
            self.failures, self.until = 0, self.clock.now

    @rule()
    def a_known_device_is_wrong(self) -> None:
        assert not self.attempt(fits=False, trusted=True)

    @invariant()
    def the_account_remembers(self) -> None:
        account = self.account()
        assert account.failed_sign_ins == self.failures
        assert (account.suspended_at is not None) == self.suspended


class Sessions(_Machine):
    """At most five, none longer than twelve hours or thirty idle minutes, and none after it was ended."""

    def __init__(self, school: Cast, clock: Clock) -> None:
        super().__init__(school, clock)
        self.live: dict[str, tuple[datetime, datetime]] = {}  # token: begun, used
        self.all: list[str] = []
        self.actors: dict[str, sign_in.Actor] = {}

    @initialize()
    def first(self) -> None:
        self.enter()

    @rule()
    def enter(self) -> None:
        self.clock.forward(seconds=1)
        with database.transaction() as db:
            opened = sign_in.open(db, visitor(), candidate=Candidate(self.account_id, HASH), fits=True)
        assert opened and opened.token
        self.live[opened.token] = (self.clock.now, self.clock.now)
        self.all.append(opened.token)
        self.actors[opened.token] = opened.actor
        for oldest in list(self.live)[: -sign_in_limits.SESSIONS_AT_MOST]:
            del self.live[oldest]

    @rule(which=st.integers(min_value=0))
    def use(self, which: int) -> None:
        token = self.all[which % len(self.all)]
        if self.is_live(token):
            with database.transaction() as db:
                open_session.note_use(db, actor=self.actors[token])
            self.live[token] = (self.live[token][0], self.clock.now)

    @rule(which=st.integers(min_value=0))
    def leave(self, which: int) -> None:
        token = self.all[which % len(self.all)]
        with database.transaction() as db:
            open_session.close(db, self.actors[token])
        self.live.pop(token, None)

    @rule(which=st.integers(min_value=0))
    def leave_everywhere_else(self, which: int) -> None:
        token = self.all[which % len(self.all)]
        if self.is_live(token):
            with database.transaction() as db:
                sessions.end_others(db, self.actors[token])
            self.live = {token: self.live[token]}

    @rule()
    def a_new_password_ends_all(self) -> None:
        with database.transaction() as db:
            open_session.close_all(db, account_id=self.account_id)
        self.live = {}

    def is_live(self, token: str) -> bool:
        begun, used = self.live.get(token, (datetime.min, datetime.min))
        return token in self.live and self.clock.now < min(begun + timedelta(hours=12), used + timedelta(minutes=30))

    @invariant()
    def every_token_opens_what_the_model_says(self) -> None:
        with database.reading() as db:
            opens = [token for token in self.all[-8:] if open_session.actor_of(db, token=token) is not None]
        assert opens == [token for token in self.all[-8:] if self.is_live(token)]


def test_r13_r16_r17_the_life_of_a_link(cast: Cast, clock: Clock) -> None:
    run_state_machine_as_test(lambda: TokenLife(cast, clock), settings=SOME)


def test_r08_r09_waits_and_suspension(cast: Cast, clock: Clock) -> None:
    run_state_machine_as_test(lambda: Throttling(cast, clock), settings=SOME)


def test_r36_r38_r39_the_life_of_sessions(cast: Cast, clock: Clock) -> None:
    run_state_machine_as_test(lambda: Sessions(cast, clock), settings=SOME)
