"""The import folder: a file is taken when it stands still, imported once, and put aside with a report."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import config, database
from core.delivery import engine, import_folder, queues, scheduled_imports, take_over, workflows
from core.models import Account, Alert, AuditEntry, DeliveryJob, FolderImport, ImportRun, Person, SchoolSettings
from core.permissions import command_line
from core.rules.needs import Need
from core.rules.spreadsheets import Upload
from core.services import folder_imports, imports
from core.tables import imports as tables
from core.tables import needs
from tests import cast as people
from tests.cast import Cast
from tests.conftest import Clock
from tests.delivery import engine_room
from tests.delivery.waiting import wait_until
from tests.oneroster import WHOLE, archive, changes, many

pytestmark = pytest.mark.both_databases


@pytest.fixture
def folder(database: None, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "import"
    found.mkdir()
    monkeypatch.setenv("FIRSTKEY_IMPORT_FOLDER", str(found))
    config.settings.cache_clear()
    return found


def _put(folder: Path, upload: Upload, name: str = "") -> str:
    (folder / (name or upload.name)).write_bytes(upload.content)
    return name or upload.name


def _take() -> str:
    found = import_folder.oldest()
    assert found is not None
    return scheduled_imports.run(found)


def _names(folder: Path) -> list[str]:
    """What was put aside, without the moment in front."""
    return sorted(path.name.split("-", 2)[2] for path in folder.glob("*") if path.is_file())


def _report(folder: Path) -> str:
    return sorted(folder.glob("*.report.txt"))[-1].read_text()


def _runs() -> list[ImportRun]:
    with database.reading() as db:
        return list(db.exec(select(ImportRun).order_by(col(ImportRun.id))))


def _status(code: str) -> str:
    with database.reading() as db:
        return db.exec(select(Person.status).where(Person.source_id == code)).one()


def _set(**values: object) -> None:
    with database.transaction() as db:
        db.merge(SchoolSettings(id=1))
        db.flush()
        db.execute(sa.update(SchoolSettings).values(**values))


def test_a_file_is_imported_audited_and_put_into_done_with_a_report(folder: Path) -> None:
    _put(folder, archive(WHOLE | {"users": WHOLE["users"].replace("Max,Sideris", ",")}))
    assert _take() == "done"
    assert _names(folder / "done") == ["set.zip", "set.zip.report.txt"] and _names(folder) == []
    report = _report(folder / "done")
    assert "OneRoster 1.1, everything (bulk). Imported: 4 new" in report
    assert "Note: users.csv, row 3, familyName: There is no name; the row is left out." in report
    assert "Sideris" not in report and "Gina" not in report
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "import.applied")).one()
        assert entry.actor == "system, import folder"


def test_a_file_at_which_we_fail_is_put_aside_and_said_once_so_that_the_next_one_comes_in(folder: Path) -> None:
    _put(folder, Upload("first.csv", b"Code,Surname,Name\r\n1,Sideris,Sam\r\n"))
    first = import_folder.oldest()
    assert first is not None
    assert scheduled_imports.give_up(first) == scheduled_imports.give_up(first) == "refused"
    assert "Put it into the folder once more" in _report(folder / "refused")
    assert import_folder.oldest() is None
    with database.reading() as db:
        assert db.exec(select(FolderImport)).one().run_id is None
        assert db.exec(select(Alert.kind)).one() == "import_refused"
        assert {one.need: one.number for one in needs.of(db, command_line("tester"))}[Need.IMPORT_REFUSED] == 1


def test_a_file_that_cannot_be_used_is_refused_and_changes_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _put(folder, Upload("list.csv", b"Code,Surname,Name\r\n1,Sideris,Sam\r\n1,Sideris,Max\r\n"))
    assert _take() == "refused"
    assert "Put right: list.csv, row 3, Code: This code stands in row 2 already" in _report(folder / "refused")
    with database.reading() as db:
        row = db.exec(select(FolderImport)).one()
        assert "1 cells need another look" in row.refusal and row.notes == 1
        assert db.exec(select(Alert.kind)).one() == "import_refused"
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "import.refused")).one().details["notes"] == 1
        assert db.exec(select(Person)).all() == []
    assert "Sideris" not in caplog.text and "list.csv" not in caplog.text


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"%PDF-1.7", b"\x00" * 500])
def test_whatever_lies_in_the_folder_is_refused_in_words(folder: Path, content: bytes) -> None:
    _put(folder, Upload("set.zip" if content.startswith(b"PK") else "set.csv", content))
    assert _take() == "refused"
    assert _report(folder / "refused").startswith("Refused: ")


def test_r74_a_file_larger_than_any_school_is_refused_without_being_read(folder: Path) -> None:
    with (folder / "large.csv").open("wb") as file:
        file.truncate(501 * 1024 * 1024)
    assert _take() == "refused"
    assert "more than 500 MB" in _report(folder / "refused")


def test_links_folders_hidden_and_other_files_are_passed_by(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"Code,Surname,Name\r\n1,a,b\r\n")
    (folder / "link.csv").symlink_to(secret)
    (folder / "sub.csv").mkdir()
    for name in (".hidden.csv", "set.zip.part", "notes.pdf", "set.zip.done"):
        (folder / name).write_bytes(b"x")
    assert import_folder.oldest() is None
    found = import_folder.Found("link.csv", 1, 1, 1)
    with pytest.raises(OSError, match="symbolic"):
        import_folder.read(found)


def test_a_file_that_changes_after_it_was_found_is_left_alone(folder: Path) -> None:
    name = _put(folder, archive(WHOLE))
    found = import_folder.oldest()
    assert found is not None
    with (folder / name).open("ab") as file:
        file.write(b"more")
    assert scheduled_imports.run(found) == "changed"
    assert _runs() == [] and (folder / name).exists()


def test_copies_with_old_dates_are_seen_to_change_all_the_same(folder: Path) -> None:
    name = _put(folder, archive(WHOLE))
    before = import_folder.look(name)
    (folder / name).write_bytes((folder / name).read_bytes())
    assert before is not None
    os.utime(folder / name, ns=(before.written_ns, before.written_ns))
    assert import_folder.look(name) != before


def test_the_same_content_is_not_imported_twice(folder: Path) -> None:
    for name in ("monday.zip", "tuesday.zip"):
        _put(folder, archive(WHOLE), name)
        assert _take() == "done"
    assert len(_runs()) == 1
    assert "imported last" in _report(folder / "done")
    _put(folder, archive(WHOLE | {"users": WHOLE["users"].replace("Max", "Maximilian")}), "wednesday.zip")
    _take()
    _put(folder, archive(WHOLE), "thursday.zip")
    _take()
    assert len(_runs()) == 3, "what was true before may be true again"


def test_two_workers_import_it_once(folder: Path) -> None:
    _put(folder, archive(WHOLE))
    found = import_folder.oldest()
    assert found is not None
    together = threading.Barrier(2)

    def take() -> str:
        together.wait()
        return scheduled_imports.run(found)

    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda _: take(), range(2)))
    assert len(_runs()) == 1
    assert _names(folder / "done") == ["set.zip", "set.zip.report.txt"]


def test_a_worker_that_died_after_the_import_is_followed_by_one_that_only_puts_the_file_aside(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(folder, archive(WHOLE))
    with monkeypatch.context() as broken:
        broken.setattr(import_folder, "put_aside", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(OSError, match="no room"):
            _take()
    assert _take() == "done"
    assert len(_runs()) == 1


def test_a_file_that_was_imported_and_cannot_be_put_aside_is_not_said_to_be_refused(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(folder, archive(WHOLE))
    clock.set(datetime.now(UTC) + timedelta(seconds=1))
    found = import_folder.oldest()
    assert found is not None
    with monkeypatch.context() as broken:
        broken.setattr(import_folder, "put_aside", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        for act in (scheduled_imports.run, scheduled_imports.give_up):
            with pytest.raises(OSError, match="no room"):
                act(found)
    with database.reading() as db:
        assert [row.refusal for row in db.exec(select(FolderImport))] == [""]
        assert db.exec(select(Alert)).all() == []
    assert scheduled_imports.give_up(found) == "done"
    assert "Imported: 5 new" in _report(folder / "done")
    clock.set(datetime.now(UTC) + timedelta(days=-1))  # as one that was imported before this file came
    _put(folder, archive(WHOLE))
    found = import_folder.oldest()
    assert found is not None
    with database.transaction() as db:
        db.execute(sa.update(FolderImport).values(at=datetime.now(UTC) - timedelta(days=1)))
    assert scheduled_imports.give_up(found) == "refused"


def test_a_file_that_may_not_be_read_is_refused_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(folder, archive(WHOLE))
    monkeypatch.setattr(import_folder.os, "open", lambda *_: (_ for _ in ()).throw(PermissionError("denied")))
    assert _take() == "refused"
    with database.reading() as db:
        assert "may not read this file" in db.exec(select(FolderImport)).one().refusal
    assert "chown firstkey" in _report(folder / "refused")


def test_a_file_that_comes_in_place_of_one_that_is_being_imported_is_taken_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = archive(WHOLE | {"users": WHOLE["users"].replace("Max", "Maximilian")})
    note = folder_imports.note_applied

    def while_it_comes(*given: Any, **named: Any) -> None:
        _put(folder, newer)
        note(*given, **named)

    _put(folder, archive(WHOLE))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(folder_imports, "note_applied", while_it_comes)
        assert _take() == "done"
    assert (folder / "set.zip").read_bytes() == newer.content
    assert _take() == "done"
    assert [run.changed for run in _runs()] == [0, 1]


def test_a_refusal_that_could_not_be_put_aside_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(folder, Upload("list.csv", b"nothing\r\n"))
    with monkeypatch.context() as broken:
        broken.setattr(import_folder, "put_aside", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        for _try in range(3):
            with pytest.raises(OSError, match="no room"):
                _take()
    assert _take() == "refused"
    with database.reading() as db:
        assert len(db.exec(select(FolderImport)).all()) == 1


def test_who_is_missing_leaves_only_where_the_school_wants_that_of_the_folder(folder: Path) -> None:
    _put(folder, many(60))
    _take()
    _put(folder, many(57), "second.zip")
    _take()
    assert _status("s60") == "registered"
    _set(folder_marks_leavers=True)
    _put(folder, archive({}, mode=""), "empty.zip")
    assert _take() == "refused"
    _put(folder, many(56), "third.zip")
    assert _take() == "done"
    assert (_status("s60"), _status("s56")) == ("left", "registered")


def test_a_list_of_students_never_lets_anybody_leave_by_itself(folder: Path) -> None:
    _set(folder_marks_leavers=True)
    _put(folder, Upload("list.csv", b"Code,Surname,Name\r\n1,Sideris,Sam\r\n2,Sideris,Max\r\n"))
    _take()
    _put(folder, Upload("list.csv", b"Code,Surname,Name\r\n1,Sideris,Samuel\r\n"))
    _take()
    assert _status("2") == "registered"


def test_half_a_file_is_refused_and_nothing_overrides_that(folder: Path) -> None:
    _set(folder_marks_leavers=True)
    _put(folder, many(60))
    _take()
    _put(folder, many(30), "half.zip")
    assert _take() == "refused"
    assert "30 of 60 students would have left" in _report(folder / "refused")
    assert _status("s60") == "registered"
    gone = "".join(f"s{number},tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n" for number in range(1, 11))
    _put(folder, changes(users=gone))
    assert _take() == "refused", "the same holds for those of whom the file says so"
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(col(Account.deactivated_at).is_not(None))) == 0


def test_a_world_that_moves_between_check_and_import_is_looked_at_once_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, moves = imports.check, iter([True])

    def moving(*given: object, **named: object) -> imports.Check:
        seen = check(*given, **named)  # type: ignore[arg-type]
        if next(moves, False):
            with database.transaction() as db:
                people.person(db, source_id="s1", first_name="Sam", last_name="Else")
        return seen

    monkeypatch.setattr(imports, "check", moving)
    _put(folder, archive(WHOLE))
    assert _take() == "done"


def test_what_was_refused_needs_you_until_a_file_is_imported(cast: Cast, folder: Path) -> None:
    _put(folder, Upload("list.csv", b"nothing\r\n"))
    _take()
    with database.reading() as db:
        assert {one.need: one.number for one in needs.of(db, cast.olga.actor)}[Need.IMPORT_REFUSED] == 1
        assert Need.IMPORT_REFUSED not in {one.need for one in needs.of(db, cast.cora.actor)}
        assert tables.folder(db, cast.olga.actor)[0].refusal
    _put(folder, archive(WHOLE))
    _take()
    with database.reading() as db:
        assert Need.IMPORT_REFUSED not in {one.need for one in needs.of(db, cast.olga.actor)}


def test_r102_files_that_were_put_aside_go_after_a_month(folder: Path, clock: Clock) -> None:
    _put(folder, archive(WHOLE))
    _take()
    clock.set(datetime.now(UTC) + timedelta(days=29))
    assert import_folder.forget_old() == 0
    clock.forward(days=2)
    assert import_folder.forget_old() == 2
    assert list((folder / "done").iterdir()) == []


@pytest.fixture
def engine_of_folder(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    if database_url.startswith("postgresql"):
        monkeypatch.setenv("FIRSTKEY_ENGINE_URL", database_url.replace("+psycopg", ""))
    config.settings.cache_clear()
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.3)
    monkeypatch.setattr(workflows, "SETTLES_S", 1.5)
    yield folder
    engine.shutdown()


def _job(name: str) -> bool:
    with database.reading() as db:
        return db.get(DeliveryJob, name) is not None


def _wait_until(so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if so():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come to that in 30 seconds")


def _wait_for(folder: Path, name: str) -> None:
    _wait_until(lambda: folder.exists() and name in _names(folder))


def test_the_engine_takes_a_file_by_itself_once_it_stands_still(engine_of_folder: Path) -> None:
    _put(engine_of_folder, archive(WHOLE))
    engine_room.start_engine()
    _wait_for(engine_of_folder / "done", "set.zip")
    assert len(_runs()) == 1
    assert workflows.enqueue_import() == 0


def test_a_file_that_is_said_to_be_complete_does_not_wait(
    engine_of_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "SETTLES_S", 3_600.0)
    name = _put(engine_of_folder, archive(WHOLE))
    (engine_of_folder / f"{name}.done").touch()
    engine_room.start_engine()
    _wait_for(engine_of_folder / "done", "set.zip")
    _wait_until(lambda: not (engine_of_folder / f"{name}.done").exists())  # a moment later


def test_a_file_at_which_we_fail_does_not_stand_in_the_way_of_the_next_one(
    engine_of_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = workflows.import_file_once

    def failing(name: str, *facts: int) -> str:
        if name == "a.zip":
            raise ZeroDivisionError
        return str(take(name, *facts))

    monkeypatch.setattr(workflows, "import_file_once", failing)
    for name in ("a.zip", "b.zip"):
        _put(engine_of_folder, archive(WHOLE), name)
        (engine_of_folder / f"{name}.done").touch()
    engine_room.start_engine()
    _wait_for(engine_of_folder / "refused", "a.zip")
    workflows.enqueue_import()  # as the next minute does
    _wait_for(engine_of_folder / "done", "b.zip")
    assert len(_runs()) == 1


def test_a_file_that_the_machine_of_the_run_does_not_see_is_queued_again(
    engine_of_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "SETTLES_S", 0.0)
    monkeypatch.setattr(scheduled_imports, "run", lambda _found: "changed")
    _put(engine_of_folder, archive(WHOLE))
    engine_room.start_engine()
    found = import_folder.oldest()
    assert found is not None
    wait_until(lambda: bool(take_over.listed(workflow_id_prefix=f"import-{found.key}-0", status=["SUCCESS"])))
    monkeypatch.undo()
    monkeypatch.setenv("FIRSTKEY_IMPORT_FOLDER", str(engine_of_folder))
    config.settings.cache_clear()
    (engine_of_folder / f"{found.name}.done").touch()
    workflows.enqueue_import()  # as the next minute does
    _wait_for(engine_of_folder / "done", "set.zip")
    assert len(_runs()) == 1


def test_a_machine_without_the_folder_neither_takes_its_files_nor_the_turn_to_look(
    engine_of_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queues.IMPORTS in queues.of_this_process()
    monkeypatch.setenv("FIRSTKEY_IMPORT_FOLDER", "")
    config.settings.cache_clear()
    assert queues.IMPORTS not in queues.of_this_process()
    engine_room.start_engine()
    wait_until(lambda: _job("check the audit"))
    assert not _job("import from the folder")


def test_a_file_is_queued_once_however_many_look(engine_of_folder: Path) -> None:
    _put(engine_of_folder, archive(WHOLE))
    engine_room.start_engine(deliver=False)
    assert (workflows.enqueue_import(), workflows.enqueue_import()) == (1, 0)
    assert _runs() == []
