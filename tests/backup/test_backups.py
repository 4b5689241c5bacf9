"""R92: one sealed file, without the secret key; whatever is wrong with it is said in words and nothing is half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import config, database, keys, migrations, outbox
from core.backup import archives, making, postgresql_store, restoring, sealed_files
from core.errors import InputProblem
from core.models import AuditEntry, SchoolSettings, SignInSession
from core.services import audit_anchors
from core.services import backups as service
from core.tables import backups, keys_in_use, sending_hold
from tests import cast as make
from tests.backup import places
from tests.cast import Cast
from tests.conftest import Clock
from tests.tables import search_texts

KEY = places.BACKUP_KEY.encode()


def _names(file: Path) -> list[str]:
    return [part.name for part in archives.read_manifest(file, KEY).parts]


@pytest.mark.both_databases
def test_r92_a_backup_holds_the_databases_and_the_outbox_and_never_the_key(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()
    secret = keys.current().secret
    name = outbox.write(to="x@mail.example", subject="Subject", text="a canary in a letter", reference="0" * 32)
    file = places.back_up(tmp_path)
    assert _names(file) == ["people", f"outbox/{name}.json"]
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert b"canary" not in content and b"SQLite" not in content and b"Sideris" not in content
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    archives.unpack(file, KEY, unpacked)
    everything = b"".join(path.read_bytes() for path in unpacked.rglob("*") if path.is_file())
    assert b"canary" in everything
    assert secret not in everything and secret.hex().encode() not in everything
    assert not list(tmp_path.glob(".backup-*")), "no copy that is not sealed stays"


@pytest.mark.both_databases
def test_the_audit_tells_when_the_latest_backup_was_made(cast: Cast, tmp_path: Path, clock: Clock) -> None:
    with database.reading() as db:
        assert backups.latest(db) is None
    places.back_up(tmp_path)
    with database.reading() as db:
        assert backups.latest(db) == clock.now
        details = db.scalar(sa.select(AuditEntry.details).where(AuditEntry.action == "backup.made"))  # type: ignore[call-overload]
    assert details["key"] == keys.current().kid and details["bytes"] > 1000


def test_only_the_newest_backups_stay(cast: Cast, tmp_path: Path, clock: Clock) -> None:
    backups, _key = places.folder(tmp_path)
    (backups / "notes.txt").write_text("of somebody else")
    for _day in range(4):
        newest = places.back_up(tmp_path, "--keep", "2")
        clock.forward(days=1)
    assert making.listed(backups)[-1] == newest
    assert len(making.listed(backups)) == 2 and (backups / "notes.txt").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
        lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
        lambda content: content + b"x",
        lambda content: b"PK" + content,
        lambda content: b"",
    ],
    ids=["last byte cut", "half cut", "changed at the end", "changed salt", "longer", "other file", "empty"],
)
def test_f20_a_backup_that_was_changed_or_cut_off_is_not_restored(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, spoil: object
) -> None:
    file = places.back_up(tmp_path)
    file.write_bytes(spoil(file.read_bytes()))  # type: ignore[operator]
    place = places.elsewhere(request, monkeypatch, tmp_path)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 1 and "backup" in str(done.exception)
    assert [path.name for path in place.iterdir()] == [], "nothing is half done"


def test_another_backup_key_opens_nothing(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    other = tmp_path / "other.key"
    other.write_text("some other words of more than twenty letters")
    done = places.command("restore", str(file), "--key-file", str(other))
    assert done.exit_code == 1 and "backup key is another one" in str(done.exception)


@pytest.mark.both_databases
def test_a_place_that_is_not_empty_is_left_as_it_is(cast: Cast, tmp_path: Path) -> None:
    file = places.back_up(tmp_path)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 1 and "Restore into an empty place only" in str(done.exception)
    with database.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM person")) == 8


@pytest.mark.both_databases
def test_r93_a_backup_without_its_secret_key_says_so_plainly(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    kid = keys.current().kid
    file = places.back_up(tmp_path)
    place = places.elsewhere(request, monkeypatch, tmp_path)
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", "")
    config.settings.cache_clear()
    refused = str(places.restore(file, tmp_path).exception)
    assert f"made with the secret key {kid}" in refused and "There is no key here" in refused
    assert not (place / "secret.key").exists(), "no new key hides that the old one is missing"
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", bytes(range(50, 82)).hex())
    config.settings.cache_clear()
    assert f"The key here is {keys.current().kid}" in str(places.restore(file, tmp_path).exception)
    done = places.restore(file, tmp_path, "--without-key")
    assert done.exit_code == 0 and "Ended, because only the lost key opened them" in done.output
    if not database.is_sqlite():
        search_texts.agree()
    with database.reading() as db:
        keys_in_use.require(db)  # a server would start
        assert list(db.scalars(sa.text("SELECT action FROM audit_entry ORDER BY seq")))[-2:] == [
            "key.lost",
            "backup.restored",
        ]


def test_older_notes_of_the_audit_do_not_accuse_a_restored_school(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = places.back_up(tmp_path)
    with database.reading() as db:
        audit_anchors.drop(db)  # knows of the entry about the backup itself, which is not in it
    noted = (tmp_path / "audit.anchors").read_text()
    place = places.elsewhere(request, monkeypatch, tmp_path)
    (place / "audit.anchors").write_text(noted)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 0 and "The audit is whole" in done.output
    assert len(list(place.glob("audit.anchors.*"))) == 1


def test_a_damaged_database_is_not_backed_up_in_silence(cast: Cast, tmp_path: Path) -> None:
    database.forget()
    path = tmp_path / "firstkey.db"
    with sqlite3.connect(path) as live:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = live.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_entry_action'").fetchone()[0]
        size = live.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    backups, key = places.folder(tmp_path)
    done = places.command("backup", str(backups), "--key-file", str(key))
    assert done.exit_code == 1 and "damaged" in str(done.exception)
    assert making.listed(backups) == []


def test_a_full_disk_leaves_the_older_backups(cast: Cast, tmp_path: Path, clock: Clock) -> None:
    file = places.back_up(tmp_path)
    before = file.read_bytes()
    clock.forward(days=1)
    backups, key = places.folder(tmp_path)
    code = (
        "import resource, sys\nfrom core.manage import __main__ as m\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nsys.exit(m.main())"
    )
    line = [sys.executable, "-c", code, "backup", str(backups), "--key-file", str(key), "--keep", "1"]
    done = subprocess.run(line, cwd=config.ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert making.listed(backups) == [file] and file.read_bytes() == before
    assert [path.name for path in backups.iterdir()] == [file.name], "nothing half written"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Which folder for backups"),
        (("{missing}", "--key-file", "{key}"), "There is no folder"),
        (("{backups}",), "Which backup key"),
        (("{backups}", "--key-file", "{missing}"), "cannot be read"),
        (("{backups}", "--key-file", "{short}"), "too short"),
        (("{backups}", "--key-file", "{backups}/inside.key"), "among the backups"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    cast: Cast, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    backups, key = places.folder(tmp_path)
    (backups / "inside.key").write_text(places.BACKUP_KEY)
    (tmp_path / "short.key").write_text("short")
    values = {"backups": backups, "key": key, "missing": tmp_path / "missing", "short": tmp_path / "short.key"}
    done = places.command("backup", *(word.format(**values) for word in words))
    assert done.exit_code == 1 and sentence in str(done.exception)


@pytest.mark.postgresql
def test_a_machine_without_pg_dump_says_what_to_install(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_store, "_INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    backups, key = places.folder(tmp_path)
    done = places.command("backup", str(backups), "--key-file", str(key))
    assert done.exit_code == 1 and "apt-get install postgresql-client" in str(done.exception)


@pytest.mark.postgresql
def test_the_password_of_postgresql_stands_in_no_argument(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, object] = {}

    class Ended:
        returncode, stderr = 0, ""

    def run(command: list[str], **options: object) -> Ended:
        seen.update(command=command, **options)
        return Ended()

    monkeypatch.setattr(postgresql_store.subprocess, "run", run)
    postgresql_store.copy("postgresql+psycopg://firstkey:canary%40x@db.school.example:5433/school", tmp_path / "dump")
    assert "canary" not in " ".join(map(str, seen["command"]))  # type: ignore[call-overload]
    assert seen["env"]["PGPASSWORD"] == "canary@x"  # type: ignore[index]


def test_sealed_pieces_of_every_length_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_files, "PIECE", 64)
    for size in (0, 1, 63, 64, 65, 127, 128, 129, 1000):
        content = bytes(number % 251 for number in range(size))
        path = tmp_path / str(size)
        with path.open("wb") as file:
            writer = sealed_files.SealedWriter(file, KEY)
            for start in range(0, size, 7):
                writer.write(content[start : start + 7])
            writer.close()
        with path.open("rb") as file:
            assert sealed_files.SealedReader(file, KEY).read() == content
        pieces = path.read_bytes()
        if size > 128:  # a piece taken out from the middle
            head = len(sealed_files.MAGIC) + sealed_files.SALT
            path.write_bytes(pieces[:head] + pieces[head + 80 :])
            with path.open("rb") as file, pytest.raises(InputProblem):
                sealed_files.SealedReader(file, KEY).read()


def test_a_database_that_does_not_answer_is_said_in_a_sentence_without_its_password(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = places.back_up(tmp_path)
    database.forget()
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", "postgresql+psycopg://firstkey:canary@127.0.0.1:1/firstkey")
    config.settings.cache_clear()
    backups, key = places.folder(tmp_path)
    refused = str(places.command("backup", str(backups), "--key-file", str(key)).exception)
    assert refused.startswith("No backup was made: ") and "canary" not in refused
    assert "name another kind of it" in str(places.restore(file, tmp_path).exception)
    missing = places.restore(tmp_path / "missing.backup", tmp_path)
    assert missing.exit_code == 1 and "cannot be read" in str(missing.exception)
    database.forget()


def _keys_are(monkeypatch: pytest.MonkeyPatch, newest: bytes, *older: bytes) -> None:
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", newest.hex())
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY_PREVIOUS", ",".join(key.hex() for key in older))
    config.settings.cache_clear()


@pytest.mark.both_databases
def test_r94_an_older_key_that_the_backup_needs_is_asked_for_before_anything_is_placed(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.back_up(tmp_path)  # its entry in the audit is of the first key
    first, second, older = keys.current().secret, bytes(range(50, 82)), keys.current().kid
    _keys_are(monkeypatch, second, first)
    assert places.command("rotate-key").exit_code == 0
    file = places.back_up(tmp_path)
    place = places.elsewhere(request, monkeypatch, tmp_path)
    _keys_are(monkeypatch, second)
    refused = places.restore(file, tmp_path)
    assert refused.exit_code == 1 and f"needs older secret keys too, and they are not here: {older}" in str(
        refused.exception
    )
    assert [path.name for path in place.iterdir()] == []
    _keys_are(monkeypatch, second, first)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 0 and "The audit is whole" in done.output


def test_a_key_that_was_given_up_before_the_backup_is_not_asked_for(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.back_up(tmp_path)
    _keys_are(monkeypatch, bytes(range(50, 82)))
    assert places.command("rotate-key", "--old-is-lost").exit_code == 0
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 0 and "cannot be verified without the key that is lost" in done.output


class Killed(BaseException):
    """As kill -9: nobody tidies up."""


def _killed(*_words: object, **_named: object) -> None:
    raise Killed


@pytest.mark.both_databases
def test_a_restore_that_is_killed_at_its_end_sends_nothing_signs_nobody_in_and_goes_on_when_typed_again(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        make.just_signed_in(db, cast.ada.actor)
        db.get_one(SchoolSettings, 1).reminders = True
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    steps = (restoring, "_check"), (migrations, "upgrade"), (audit_anchors, "set_aside"), (service, "note_restored")
    for module, step in steps:
        with monkeypatch.context() as patch:
            patch.setattr(module, step, _killed)
            with pytest.raises(Killed):
                places.restore(file, tmp_path)
        with database.reading() as db:
            assert db.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 0
            assert not db.get_one(SchoolSettings, 1).reminders and sending_hold.read(db) is not None
    assert places.restore(file, tmp_path).exit_code == 0
    with database.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM audit_entry WHERE action = 'backup.restored'")) == 1
    again = places.restore(file, tmp_path)
    assert again.exit_code == 1 and "Restore into an empty place only" in str(again.exception)


def test_a_restore_that_is_killed_before_there_is_a_school_says_how_to_begin_again(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.write(to="x@mail.example", subject="Subject", text="text", reference="0" * 32)
    file = places.back_up(tmp_path)
    place = places.elsewhere(request, monkeypatch, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_place", _killed)
        with pytest.raises(Killed):
            places.restore(file, tmp_path)
    assert {path.name for path in place.iterdir()} <= {"outbox"}, "no school yet"
    refused = str(places.restore(file, tmp_path).exception)
    assert f"There are messages in {place / 'outbox'}" in refused and "delete it, and restore again" in refused
    shutil.rmtree(place / "outbox")
    assert places.restore(file, tmp_path).exit_code == 0
    assert len(outbox.names()) == 1


def test_a_school_whose_audit_was_broken_before_is_restored_as_quietly_as_any(
    cast: Cast, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.back_up(tmp_path)
    with database.transaction() as db:
        db.execute(sa.text("DROP TRIGGER audit_entry_unchanged"))
        db.execute(sa.text("UPDATE audit_entry SET actor = 'somebody else'"))
    file = places.back_up(tmp_path)
    places.elsewhere(request, monkeypatch, tmp_path)
    done = places.restore(file, tmp_path)
    assert done.exit_code == 1 and "broken at entry 1" in str(done.exception)
    with database.reading() as db:
        newest = db.scalar(sa.text("SELECT action FROM audit_entry ORDER BY seq DESC LIMIT 1"))
    assert newest == "backup.restored"
