"""The drill: a backup while messages are sent, the loss of everything, the restore. Nobody is written to twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import database
from core.delivery import engine
from core.errors import Conflict
from core.models import MessageStatus, SchoolSettings, SignInSession
from core.services import audit, sending_hold
from core.tables import sending_hold as table
from tests import cast as make
from tests.backup import places
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import SECRETARY, finished, progress, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

PEOPLE = 120


@pytest.fixture
def sink(database: None, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    behaviour = Behaviour(delay_s=0.01)
    with smtp.server(behaviour) as port:
        law.use(monkeypatch, database_url, **law.by_smtp(port, per_second=60))
        monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.3)
        yield behaviour
        engine.shutdown()


def _backed_up_while_sending(sink: Behaviour, tmp_path: Path) -> tuple[Path, int]:
    """The backup of a moment in the middle; afterwards the old place goes on until everybody is written to."""
    engine_room.school(PEOPLE)
    campaign_id = engine_room.launch()
    engine_room.start_engine()
    wait_until(campaign_id, lambda _: len(sink.accepted) >= 20)
    file = places.back_up(tmp_path)
    assert not finished(progress(campaign_id)), "made under load"
    wait_until(campaign_id, finished, seconds=60)
    engine.shutdown()
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()
    return file, campaign_id


def test_f18_after_a_restore_nothing_is_sent_again_neither_before_nor_after_go(
    sink: Behaviour, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, campaign_id = _backed_up_while_sending(sink, tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "Each message is there once" in done.output and "The audit is whole" in done.output
    waiting = progress(campaign_id).waiting
    assert waiting, "the backup knows some as waiting who were written to since"

    engine_room.start_engine()
    time.sleep(1.5)
    queued = progress(campaign_id).counts[MessageStatus.QUEUED]
    assert len(sink.accepted) == PEOPLE and waiting - law.SLOTS <= queued, "held"

    with database.transaction() as db:
        assert sending_hold.release(db, SECRETARY) == queued
    wait_until(campaign_id, finished, seconds=60)
    time.sleep(1)
    assert len(sink.accepted) == PEOPLE, "nobody twice"
    counts = progress(campaign_id).counts
    assert set(counts) == {MessageStatus.SENT, MessageStatus.UNKNOWN}
    assert counts[MessageStatus.UNKNOWN] == waiting, "a person decides about them"
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id)


def test_f18_what_is_launched_after_the_restore_waits_for_go_and_then_goes_out(
    sink: Behaviour, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_room.school(10)
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    assert places.restore(file, tmp_path).exit_code == 0
    campaign_id = engine_room.launch()
    engine_room.start_engine()
    engine.start(campaign_id)
    time.sleep(1)
    assert not sink.accepted
    with database.transaction() as db:
        assert sending_hold.release(db, SECRETARY) == 0
    wait_until(campaign_id, finished)
    assert len(sink.accepted) == 10


def test_sending_that_is_held_in_the_middle_stops_before_the_next_message(sink: Behaviour) -> None:
    engine_room.school(PEOPLE)
    campaign_id = engine_room.launch()
    engine_room.start_engine()
    wait_until(campaign_id, lambda _: len(sink.accepted) >= 20)
    with database.transaction() as db:
        sending_hold.begin(db, SECRETARY)
    gone = len(sink.accepted)
    time.sleep(1.5)
    assert len(sink.accepted) - gone <= law.SLOTS
    with database.transaction() as db:
        with pytest.raises(Conflict, match="held already"):
            sending_hold.begin(db, SECRETARY)
        assert sending_hold.release(db, SECRETARY) == 0, "nothing is doubtful where nothing was restored"
    wait_until(campaign_id, finished, seconds=60)
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()


def test_a_restored_school_is_as_it_was_but_nobody_is_signed_in_and_nobody_is_reminded(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        cast = make.school(db)
        make.just_signed_in(db, cast.ada.actor)
        db.get_one(SchoolSettings, 1).reminders = True
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    assert places.restore(file, tmp_path).exit_code == 0
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 0
        assert not db.get_one(SchoolSettings, 1).reminders
        hold = table.read(db)
        assert hold and hold.restored_from and hold.restored_from <= hold.since
        assert audit.verify(db).broken_at is None
        made = "SELECT action FROM audit_entry ORDER BY seq DESC LIMIT 1"
        assert db.scalar(sa.text(made)) == "backup.restored"


def test_f18_a_backup_while_people_are_written_shows_one_moment(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction gives the school and everybody in it one new name; no copy may catch them between."""
    with database.transaction() as db:
        make.school(db)
    stop, turns = threading.Event(), []

    def write() -> None:
        while not stop.wait(0.002):  # people pause between two acts
            turns.append(str(len(turns)))
            with database.transaction(wait_ms=30_000) as db:
                db.execute(sa.text("UPDATE person SET first_name = :turn"), {"turn": turns[-1]})
                db.execute(sa.text("UPDATE school_settings SET school_name = :turn"), {"turn": turns[-1]})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        file = places.back_up(tmp_path)
    finally:
        stop.set()
        writer.join()
    assert len(turns) > 5, "it was written to meanwhile"
    places.elsewhere(request, monkeypatch, tmp_path)
    assert places.restore(file, tmp_path).exit_code == 0
    both = "SELECT first_name FROM person UNION SELECT school_name FROM school_settings"
    with database.reading() as db:
        assert len(list(db.execute(sa.text(both)))) == 1
