"""A school that began on SQLite goes on with PostgreSQL: the same lists, the same audit, the same passwords."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import clock, config, database, demo
from core import database as stores
from core.backup import census, moving
from core.delivery import engine
from core.models import Account, Message, MessageStatus, metadata
from core.permissions import command_line, system
from core.services import audit
from core.tables import students
from core.tables.filters import Page, StudentFilter
from tests import cast as make
from tests.backup import places
from tests.delivery import engine_room
from tests.peers import postgres, smtp
from tests.peers.smtp import Behaviour
from tests.tables import search_texts
from tests.web import browsing


@pytest.fixture
def school(database: None, tmp_path: Path) -> Path:
    """A demo school on SQLite; gives its file. Nobody has it open."""
    with stores.transaction() as db:
        demo.seed(db, students=60, seed=1)
        for turn in range(3):
            audit.record(db, system("night"), action="backup.made", details={"bytes": turn, "ratio": 0.5, "of": ["Ω"]})
    stores.forget()
    return tmp_path / "firstkey.db"


@pytest.fixture
def empty(postgres_url: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty PostgreSQL database."""
    postgres.admin(postgres_url, "CREATE DATABASE moved")
    request.addfinalizer(lambda: places._drop(postgres_url, "moved"))
    return postgres_url.format(name="moved").replace("postgresql://", "postgresql+psycopg://", 1)


def _use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    database.forget()
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", url)
    config.settings.cache_clear()


def _everything() -> dict[str, list[Any]]:
    with database.reading() as db:
        return {
            table.name: sorted(map(repr, db.connection().execute(sa.select(*table.columns))))
            for table in metadata.sorted_tables
            if table.name != census.OWN_NOTES
        }


def _listed() -> list[Any]:
    with database.reading() as db:
        return students.page(db, command_line("ada"), filter=StudentFilter(), page=Page()).to_dict("records")


def test_a_demo_school_moves_with_all_that_it_has(school: Path, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.reading() as db:
        tom = db.scalars(sa.select(Account).where(Account.username.is_not(None)).limit(1)).one()  # type: ignore[attr-defined]
    browsing.give_password(tom)
    before, list_before = _everything(), _listed()
    _use(monkeypatch, empty)
    done = places.command("move-to-postgresql", str(school))
    assert done.exit_code == 0, (done.output, done.exception)
    assert (
        f"The audit is whole: {len(before['audit_entry'])} entries" in done.output
        and "all of them counted" in done.output
    )
    after = _everything()
    entries, entries_before = after.pop("audit_entry"), before.pop("audit_entry")
    assert set(entries_before) < set(entries) and len(entries) == len(entries_before) + 1
    assert after == before
    assert _listed() == list_before
    search_texts.agree()
    with database.reading() as db:
        assert audit.verify(db).broken_at is None
    with browsing.browser() as somebody:
        assert somebody.sign_in(tom.username).status_code == 303
    with database.transaction() as db:
        make.person(db, first_name="New", last_name="Here")


def test_f16_a_campaign_under_way_goes_on_after_the_move_and_writes_to_nobody_twice(
    database: None, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, sink = "person3@mail.example", Behaviour(delay_s=0.01)
    sink.content_by_address = {lost: [smtp.DROP]}
    with smtp.server(sink) as port:
        for name, value in {"EMAIL": "smtp", "SMTP_URL": f"smtp://127.0.0.1:{port}", "EMAIL_RATE": "2000"}.items():
            monkeypatch.setenv(f"FIRSTKEY_{name}", value)
        config.settings.cache_clear()
        engine_room.school(250)
        campaign_id = engine_room.launch()
        engine_room.start_engine()
        try:
            engine_room.wait_until(campaign_id, lambda _: len(sink.accepted) >= 60, seconds=90)
        finally:
            engine.shutdown()
        in_flight = _killed_in_flight()
        before = engine_room.progress(campaign_id).counts
        assert {MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.SENDING} <= before.keys()
        assert before[MessageStatus.QUEUED] > 100, "more than half of it waits"
        _use(monkeypatch, empty)
        monkeypatch.setenv("FIRSTKEY_ENGINE_URL", empty.replace("+psycopg", ""))
        config.settings.cache_clear()
        assert places.command("move-to-postgresql", str(tmp_path / "firstkey.db")).exit_code == 0
        assert engine_room.progress(campaign_id).counts == before
        engine_room.start_engine()
        try:
            after = engine_room.wait_until(campaign_id, engine_room.finished, seconds=90).counts
        finally:
            engine.shutdown()
    times = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
    assert set(times.values()) == {1} and not {lost, in_flight} & set(times), "nobody twice, and nobody by itself again"
    assert after == {MessageStatus.SENT: 248, MessageStatus.UNKNOWN: 2}
    assert len(times) == 248, "the rest was sent"


def _killed_in_flight() -> str:
    """One message as a process leaves it that is killed while it sends; gives its address."""
    with stores.transaction() as db:
        waits = db.exec(select(Message).where(Message.status == MessageStatus.QUEUED).limit(1)).one()
        waits.status, waits.attempts, waits.claimed_at = MessageStatus.SENDING, 1, clock.now()
        db.add(waits)
        return waits.address


def test_nothing_moves_while_a_process_has_the_database_open(
    school: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(monkeypatch, empty)
    with sqlite3.connect(school) as open_elsewhere:
        open_elsewhere.execute("PRAGMA journal_mode=WAL")
        open_elsewhere.execute("SELECT count(*) FROM person").fetchone()
        refused = str(places.command("move-to-postgresql", str(school)).exception)
        assert "Firstkey still runs" in refused
    open_elsewhere.close()
    assert places.command("move-to-postgresql", str(school)).exit_code == 0


def test_a_move_that_breaks_off_leaves_nothing_and_can_be_made_again(
    school: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(monkeypatch, empty)
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_go_on_counting", lambda *_: 1 / 0)
        assert isinstance(places.command("move-to-postgresql", str(school)).exception, ZeroDivisionError)
    with database.engine().connect() as connection:
        assert moving.is_empty(connection)
    assert places.command("move-to-postgresql", str(school)).exit_code == 0
    again = str(places.command("move-to-postgresql", str(school)).exception)
    assert "Move into an empty one only" in again


def test_what_does_not_fit_is_said_in_a_sentence(
    school: Path, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "still names SQLite" in str(places.command("move-to-postgresql", str(school)).exception)
    _use(monkeypatch, empty)
    missing = places.command("move-to-postgresql", str(tmp_path / "missing.db")).exception
    assert "There is no school in" in str(missing) and not (tmp_path / "missing.db").exists()
    with sqlite3.connect(school) as older:
        older.execute("UPDATE alembic_version SET version_num = '0001'")
    older.close()
    assert "are of version 0001" in str(places.command("move-to-postgresql", str(school)).exception)
