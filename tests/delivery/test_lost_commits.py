"""A commit that slots share is taken back, or its connection is lost: nobody is lost, and nobody is sent to twice.

The faults are real: another client locks rows in the opposite order, or ends the backend that commits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from core import config
from core import database as core_database
from core.delivery import batches, turns
from core.models import MessageStatus
from core.rules.delivery_status import Outcome
from core.services.delivery_claims import Claim
from tests.delivery import engine_room
from tests.delivery.engine_room import launch, progress, school
from tests.delivery.test_turns import SENT, at_once, opened, sink
from tests.peers import postgres
from tests.peers.smtp import Behaviour

__all__ = ["sink"]
pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("database")]

LOCKED = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
END = "SELECT pg_terminate_backend(%s)"


@pytest.fixture
def patient(database: None) -> None:
    """PostgreSQL looks for a deadlock three seconds after somebody began to wait, and once: time to make one."""
    with core_database.transaction() as db:
        name = db.scalar(sa.text("SELECT current_database()"))
        db.execute(sa.text(f'ALTER DATABASE "{name}" SET deadlock_timeout = 3000'))
    core_database.forget()


@contextmanager
def other_client(*, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else at the same database; never the one that PostgreSQL gives up on in a deadlock."""
    url = config.settings().database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=autocommit) as connection:
        connection.execute("SET deadlock_timeout = '1h'")
        connection.execute("SET lock_timeout = '60s'")
        yield connection


def waits(query: str) -> int:
    """The backend of ours that waits, as soon as one does."""
    with other_client(autocommit=True) as looker:
        for _ in range(3000):
            if found := looker.execute(query.encode()).fetchone():
                return int(found[0])
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def end_whoever(query: str) -> None:
    with other_client(autocommit=True) as killer:
        killer.execute(END, (waits(query),))


def meanwhile(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def two_sent_and_two_wanted() -> tuple[int, list[turns.Mark], list[tuple[Any, turns.Mark, int]]]:
    """Two slots: each has sent its first message and comes with the mark, and for the next one."""
    school(200)
    campaign_id = launch()
    open_ones = [opened(campaign_id, number) for number in range(2)]
    first = at_once(*[(batch, None, batch.message_ids[0]) for batch in open_ones])
    marks = [(claim.message_id, SENT) for claim in first if isinstance(claim, Claim)]
    come = [(batch, mark, batch.message_ids[1]) for batch, mark in zip(open_ones, marks, strict=True)]
    return campaign_id, marks, come


def in_the_way_of(connection: psycopg.Connection[Any], message_id: int) -> None:
    """Hold the account of a message: whoever marks the message has to wait."""
    connection.execute(
        "SELECT id FROM account WHERE id IN (SELECT account_id FROM message_account WHERE message_id = %s) FOR UPDATE",
        (message_id,),
    )


@pytest.mark.usefixtures("patient")
def test_f17_a_deadlock_in_a_shared_commit_loses_no_mark_and_no_claim(caplog: pytest.LogCaptureFixture) -> None:
    campaign_id, marks, come = two_sent_and_two_wanted()
    with other_client() as other:
        in_the_way_of(other, marks[1][0])

        def want_what_they_hold() -> None:
            waits(LOCKED)
            other.execute("SELECT id FROM message WHERE id = %s FOR UPDATE", (marks[0][0],))
            other.rollback()

        thread = meanwhile(want_what_they_hold)
        answers = at_once(*come)
        thread.join()
    assert "2 messages are taken one by one: OperationalError" in caplog.messages
    assert [type(answer) for answer in answers] == [Claim, Claim]
    assert progress(campaign_id).counts[MessageStatus.SENT] == progress(campaign_id).counts[MessageStatus.SENDING] == 2
    assert engine_room.invited() == {0: 198, 1: 2}


@pytest.mark.usefixtures("patient")
def test_f17_a_deadlock_of_one_alone_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    campaign_id, marks, come = two_sent_and_two_wanted()
    with other_client() as other:
        in_the_way_of(other, marks[0][0])

        def want_what_they_hold() -> None:
            waits(LOCKED)
            other.execute("SELECT id FROM message WHERE id = %s FOR UPDATE", (marks[0][0],))
            other.rollback()

        thread = meanwhile(want_what_they_hold)
        answer = turns.take(*come[0])
        thread.join()
    assert "1 messages are taken one by one: OperationalError" in caplog.messages
    assert isinstance(answer, Claim)
    assert progress(campaign_id).counts[MessageStatus.SENT] == 1


def test_f6_a_backend_that_is_ended_before_the_commit_takes_no_mark_with_it() -> None:
    campaign_id, marks, come = two_sent_and_two_wanted()
    with other_client() as other:
        in_the_way_of(other, marks[1][0])

        def end_it() -> None:
            end_whoever(LOCKED)
            other.rollback()

        thread = meanwhile(end_it)
        heard = _heard(come)
        thread.join()
    assert [type(problem) for problem in heard] == [sa.exc.OperationalError] * 2
    assert progress(campaign_id).counts == {MessageStatus.SENT: 2, MessageStatus.QUEUED: 198}
    assert engine_room.invited() == {0: 198, 1: 2}


@pytest.fixture
def commits_wait(postgres_url: str) -> Iterator[None]:
    """A commit is made, but its word waits for a second server that is not there, as long as the backend lives."""
    postgres.admin(postgres_url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    postgres.admin(postgres_url, "SELECT pg_reload_conf()")
    yield
    postgres.admin(postgres_url, "ALTER SYSTEM RESET synchronous_standby_names")
    postgres.admin(postgres_url, "SELECT pg_reload_conf()")


def test_f6_a_commit_whose_word_was_lost_is_made_once(request: pytest.FixtureRequest, postgres_url: str) -> None:
    campaign_id, _marks, come = two_sent_and_two_wanted()
    request.getfixturevalue("commits_wait")

    def end_it() -> None:
        pid = waits(COMMITTING)
        postgres.admin(postgres_url, "ALTER SYSTEM RESET synchronous_standby_names")
        postgres.admin(postgres_url, f"SELECT pg_terminate_backend({pid})")
        postgres.admin(postgres_url, "SELECT pg_reload_conf()")

    thread = meanwhile(end_it)
    heard = _heard(come)
    thread.join()
    assert [type(problem) for problem in heard] == [sa.exc.OperationalError] * 2
    counts = progress(campaign_id).counts
    assert counts == {MessageStatus.SENT: 2, MessageStatus.SENDING: 2, MessageStatus.QUEUED: 196}
    assert engine_room.invited() == {0: 198, 1: 2}


def test_f6_a_message_that_was_put_off_is_not_put_off_again_when_the_word_was_lost() -> None:
    """Somebody else may have it by now: a mark that puts it back would have it sent twice."""
    campaign_id, _marks, come = two_sent_and_two_wanted()
    later = Outcome(MessageStatus.QUEUED, detail="busy", retry_after=1)
    with other_client() as other:
        other.execute("SELECT id FROM message WHERE id = %s FOR UPDATE", (come[0][1][0],))

        def end_it() -> None:
            end_whoever(LOCKED)
            other.rollback()

        thread = meanwhile(end_it)
        heard = _heard([(batch, (mark[0], later), None) for batch, mark, _ in come])
        thread.join()
    assert [type(problem) for problem in heard] == [sa.exc.OperationalError] * 2
    assert progress(campaign_id).counts == {MessageStatus.SENDING: 2, MessageStatus.QUEUED: 198}


def test_f6_f15_batches_whose_backends_are_ended_again_and_again_send_each_message_once(sink: Behaviour) -> None:
    school(200)
    campaign_id = launch()

    def end_them_now_and_then() -> None:
        everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with other_client(autocommit=True) as killer:
            for _ in range(6):
                time.sleep(0.7)
                killer.execute(everybody.encode() + b" AND pid <> pg_backend_pid()")

    def deliver(number: int) -> None:
        for _ in range(200):
            try:
                batches.send(campaign_id, number)
                return
            except sa.exc.DBAPIError:
                time.sleep(0.05)  # the engine tries the step again

    slots = [meanwhile(lambda number=number: deliver(number)) for number in range(2)]  # type: ignore[misc]
    killer = meanwhile(end_them_now_and_then)
    for slot in slots:
        slot.join()
    killer.join()
    arrived = [to for envelope in sink.accepted for to in envelope.rcpt_tos]
    became = engine_room.statuses()
    assert len(arrived) == len(set(arrived)), "nobody twice"
    assert set(became.values()) <= {MessageStatus.SENT, MessageStatus.UNKNOWN}, "nobody is left behind"
    assert {address for address, status in became.items() if status is MessageStatus.SENT} <= set(arrived)
    assert set(arrived) - set(became) == set()


def _heard(come: list[tuple[Any, turns.Mark, int | None]]) -> list[Exception | None]:
    """What slots that come together are told when something goes wrong."""
    problems: dict[int, Exception | None] = {}

    def one(place: int) -> None:
        try:
            turns.take(*come[place])
            problems[place] = None
        except Exception as problem:  # noqa: BLE001  (it is looked at)
            problems[place] = problem

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(come))]
    with turns._counter:
        for thread in threads:
            thread.start()
        while len(turns._waiting) < len(come):
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    return [problems[place] for place in range(len(come))]
