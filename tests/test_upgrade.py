"""F19: an upgrade that is killed leaves the old tables or the new ones, and what was in them is secured first."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from typer.testing import CliRunner

from core import config, database, migrations, postgresql_engine, search_indexes, version
from core.backup import before_upgrade, postgresql_store, rehearsal
from core.config import ROOT
from core.errors import SettingsError
from core.manage.__main__ import app
from tests.conftest import Clock
from tests.peers import postgres

_numbers = count(1)
OLD = "0009"  # the tables of a school that has been at work for a while


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database without a table."""
    url = f"sqlite:///{tmp_path / 'firstkey.db'}"
    if request.param == "postgresql":
        cluster, name = request.getfixturevalue("postgres_url"), f"upgraded_{next(_numbers)}"
        postgres.admin(cluster, f"CREATE DATABASE {name}")
        request.addfinalizer(lambda: postgres.admin(cluster, f"DROP DATABASE {name} WITH (FORCE)"))
        url = cluster.format(name=name).replace("postgresql://", "postgresql+psycopg://", 1)
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", url)
    monkeypatch.setenv("FIRSTKEY_ENGINE_URL", f"sqlite:///{tmp_path / 'engine.db'}")
    monkeypatch.setattr(config, "VAR", tmp_path)
    _forget()
    yield url
    _forget()


@pytest.fixture
def at_work(empty: str) -> str:
    """The same with older tables and somebody in them."""
    _to(OLD)
    _somebody()
    return empty


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()


def _to(step: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(ROOT / "data" / "migrations"))
    command.upgrade(configuration, step)


def _somebody() -> None:
    """One person, with something in every column that has to have something."""
    with database.engine().begin() as connection:
        columns = sa.inspect(connection).get_columns("person")
        row = {each["name"]: _some(each["type"]) for each in columns if not each["nullable"]}
        table = sa.Table("person", sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(table).values(row | {"id": 1, "first_name": "Sam"}))


def _some(kind: Any) -> object:
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 9, 1, tzinfo=UTC)
    return 0 if isinstance(kind, sa.Integer) else "x"


def _shape() -> list[tuple[Any, ...]]:
    """All tables, columns, indexes and triggers."""
    if database.is_sqlite():
        asked = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"
    else:
        asked = (
            "SELECT 'column', table_name || '.' || column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE "
            "schemaname = 'public' UNION ALL SELECT 'trigger', trigger_name, action_statement FROM "
            "information_schema.triggers ORDER BY 1, 2, 3"
        )
    with database.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(asked))]


def _in_a_child(act: Callable[[], None]) -> int:
    """Run it in a process of its own, with connections of its own; gives how that ended."""
    database.forget()
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        except BaseException:  # noqa: BLE001
            os._exit(1)
    return os.waitpid(child, 0)[1]


def _killed_at(number: int) -> Callable[[], None]:
    """Upgrade, and die before the statement of this number, as by a power cut; the last one is the commit."""

    def upgrade() -> None:
        seen = count(1)

        def die(*_of: object) -> None:
            if next(seen) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(database.engine(), "before_cursor_execute", die)
        sa.event.listen(database.engine(), "commit", die)
        migrations._migrate()

    return upgrade


def _statements() -> list[str]:
    """Every statement of the upgrade, from a run that is taken back."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    class TakenBack(Exception):
        pass

    def take_back(_connection: object) -> None:
        raise TakenBack

    sa.event.listen(database.engine(), "before_cursor_execute", note)
    sa.event.listen(database.engine(), "commit", take_back)
    with pytest.raises(TakenBack):
        migrations._migrate()
    _forget()
    return said


def _instants(said: list[str]) -> list[int]:
    """The beginning, the middle and the end of every step, and the moment before the commit."""
    ends = [place for place, statement in enumerate(said, 1) if statement.startswith("UPDATE alembic_version")]
    assert len(ends) == len(migrations.missing())
    begins = [1, *(end + 1 for end in ends[:-1])]
    within = {moment for first, last in zip(begins, ends, strict=True) for moment in (first, (first + last) // 2, last)}
    return sorted({*within, len(said) + 1})


def test_f19_an_upgrade_killed_at_any_step_leaves_everything_old_and_then_succeeds(at_work: str) -> None:
    old, said = _shape(), _statements()
    assert _shape() == old
    for instant in _instants(said):
        assert os.WTERMSIG(_in_a_child(_killed_at(instant))) == signal.SIGKILL, said[instant - 1 : instant]
        assert (migrations.current(), _shape()) == (OLD, old), f"killed before {said[instant - 1 : instant]}"
    assert _in_a_child(migrations._migrate) == 0
    assert migrations.current() == migrations.newest() and _shape() != old
    with database.engine().connect() as connection:
        assert connection.scalar(sa.text("SELECT first_name FROM person")) == "Sam"


def test_f19_an_empty_database_killed_at_the_end_of_any_older_step_stays_empty(empty: str) -> None:
    """The steps up to the one at which the other test begins."""
    said = _statements()
    ends = [place for place, statement in enumerate(said, 1) if "alembic_version SET" in statement]
    older = 1 + [step for step in migrations.missing() if step <= OLD].index(OLD)
    for end in ends[: older - 1]:  # the first step writes its number by another statement
        assert os.WTERMSIG(_in_a_child(_killed_at(end))) == signal.SIGKILL
        assert migrations.current() is None and _shape() == [], f"killed before {said[end - 1]}"
    assert _in_a_child(migrations._migrate) == 0
    assert migrations.current() == migrations.newest()


def test_processes_that_start_together_upgrade_once(at_work: str) -> None:
    database.forget()
    line = [sys.executable, "-m", "core.manage", "upgrade", "--without-backup"]
    started = [subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)]
    for process in started:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    assert migrations.current() == migrations.newest()


def test_f19_the_old_database_lies_beside_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", f"sqlite:///{tmp_path / 'firstkey.db'}")
    _forget()
    for _upgrade in range(5):
        (tmp_path / "firstkey.db").unlink(missing_ok=True)
        _forget()
        _to(OLD)
        _somebody()
        done = CliRunner().invoke(app, ["upgrade"])
        assert done.exit_code == 0 and f"from version {OLD} to {migrations.newest()}" in done.output
        clock.forward(seconds=1)
        time.sleep(0.01)
    copies = sorted(before_upgrade.folder().iterdir())
    assert len(copies) == before_upgrade.KEPT, "the newest three stay"
    os.utime(copies[0], (1, (clock.now - before_upgrade.KEPT_FOR).timestamp() - 1))
    os.utime(copies[1], (1, (clock.now - before_upgrade.KEPT_FOR).timestamp() + 1))
    assert before_upgrade.forget_old() == 1 and not copies[0].exists(), "nor longer than five weeks (R102)"
    assert copies[-1].stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copies[-1]) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
        assert old.execute("SELECT first_name FROM person").fetchone() == ("Sam",)
    _forget()


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_f4_without_room_for_the_copy_nothing_is_changed(at_work: str) -> None:
    before_upgrade.folder().write_text("in the way")
    with pytest.raises(SettingsError, match="so nothing was changed"):
        migrations.upgrade()
    assert migrations.current() == OLD


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_postgresql_is_upgraded_with_a_backup_of_today(at_work: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["upgrade"])
    assert refused.exit_code == 1 and "python -m core.manage backup" in str(refused.exception)
    (tmp_path / "backups").mkdir()
    (tmp_path / "key").write_text("five words that nobody else knows")
    saved = CliRunner().invoke(app, ["backup", str(tmp_path / "backups"), "--key-file", str(tmp_path / "key")])
    assert saved.exit_code == 0, (saved.output, saved.exception)
    assert CliRunner().invoke(app, ["upgrade"]).exit_code == 0
    assert migrations.current() == migrations.newest()
    with database.engine().connect() as connection:
        assert connection.execute(sa.text("SELECT person_id FROM search_person")).all() == [(1,)]
        assert not search_indexes.missing(connection)


@pytest.fixture
def beside(at_work: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """What has to be said for a rehearsal: on PostgreSQL an empty database."""
    if database.is_sqlite():
        yield ()
        return
    cluster = request.getfixturevalue("postgres_url")
    postgres.admin(cluster, "CREATE DATABASE rehearsal")
    yield "--on", "rehearsal"
    postgres.admin(cluster, "DROP DATABASE rehearsal WITH (FORCE)")


def test_a_rehearsal_says_how_long_it_takes_and_leaves_nothing(at_work: str, beside: tuple[str, ...]) -> None:
    before = _shape()
    for _ in range(2):  # nothing of the first stands in the way of the second
        said = CliRunner().invoke(app, ["upgrade", "--rehearse", *beside])
        assert said.exit_code == 0 and "Firstkey will be away" in said.output, (said.output, said.exception)
    assert (migrations.current(), _shape()) == (OLD, before)
    copy = sa.make_url(at_work).set(database="rehearsal").render_as_string(hide_password=False)
    assert not beside or not postgresql_store.removals(copy)
    assert not list(config.VAR.glob(".rehearsal-*"))


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_a_rehearsal_that_fails_leaves_nobody_in_its_database(
    at_work: str, beside: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the engine shares the school's database, what is the engine's goes too."""
    with psycopg.connect(postgresql_store.libpq(at_work)) as connection:
        connection.execute("CREATE SCHEMA dbos CREATE TABLE workflow_status (id int)")
    place = postgresql_store.place

    def and_then_the_server_restarts(url: str, dump: Path, *, then: Sequence[str]) -> None:
        place(url, dump, then=then)
        raise psycopg.OperationalError("terminating connection")

    copy = sa.make_url(at_work).set(database="rehearsal").render_as_string(hide_password=False)
    monkeypatch.setattr(postgresql_store, "place", and_then_the_server_restarts)
    with pytest.raises(psycopg.OperationalError), rehearsal.copied("rehearsal"):
        pass
    assert postgresql_store.is_empty(copy) and not postgresql_store.removals(copy)


def test_what_a_killed_rehearsal_has_left_is_removed_a_day_later(at_work: str, clock: Clock) -> None:
    left = config.VAR / ".rehearsal-killed"
    left.mkdir()
    (left / "firstkey.db").touch()
    assert (rehearsal.forget_old(), left.exists()) == (0, True)
    clock.now = datetime.now(UTC) + timedelta(days=2)
    assert (rehearsal.forget_old(), left.exists()) == (1, False)


def test_a_rehearsal_refuses_a_database_with_something_in_it_and_one_that_it_has_no_use_for(at_work: str) -> None:
    own = sa.make_url(at_work).database or ""
    said = str(CliRunner().invoke(app, ["upgrade", "--rehearse", "--on", own]).exception)
    assert ("leave --on out" if database.is_sqlite() else f"There is something in {own} already") in said
    assert migrations.current() == OLD


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_a_rehearsal_on_postgresql_says_what_it_wants(at_work: str) -> None:
    assert "Make an empty one" in str(CliRunner().invoke(app, ["upgrade", "--rehearse"]).exception)


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_f19_an_upgrade_refuses_while_an_older_program_is_at_work(at_work: str) -> None:
    plain = at_work.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, application_name=f"firstkey {OLD}"):
        with pytest.raises(SettingsError, match=f"still at work with this database: firstkey {OLD} on this machine"):
            migrations.upgrade(without_backup=True)
        assert migrations.current() == OLD
    with psycopg.connect(plain, application_name=postgresql_engine.own_name()):
        migrations.upgrade(without_backup=True)


def test_f19_a_worker_delivers_nothing_from_tables_of_another_version(at_work: str) -> None:
    line = [sys.executable, "-m", "core.manage", "worker"]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"The tables are of version {OLD}, this program wants {migrations.newest()}." in ended.stderr


def test_the_tables_of_a_newer_program_are_left_alone(at_work: str) -> None:
    with database.engine().begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="belongs to a newer Firstkey"):
        migrations.upgrade()
    refused = CliRunner().invoke(app, ["init"])
    assert refused.exit_code == 1


def test_the_version_is_the_newest_of_the_changelog() -> None:
    assert version.program() in (ROOT / "CHANGELOG.md").read_text()
    assert version.program()[0].isdigit()
