"""Work that no request waits for has a name as well: its lines of the log and its entries of the audit share it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dbos import DBOS
from sqlmodel import select

from core import config, database, logs, requests
from core.config import ROOT
from core.delivery import housekeeping, import_folder, queues, workflows
from core.models import AuditEntry
from core.permissions import Actor
from tests.delivery import engine_room
from tests.delivery.test_files import _ask, _olga
from tests.delivery.test_reminders import sink
from tests.delivery.waiting import wait_until
from tests.oneroster import WHOLE, archive
from tests.peers.smtp import Behaviour

__all__ = ["_olga", "sink"]  # people who have not answered, and Olga, who may export
WRONG = """
from core.delivery import report_maker
from core.services import list_files
def read(*_asked, **_more):
    raise RuntimeError("about maria@mail.example")
list_files.read = read
report_maker.main({request_id})
"""


class Kept(logging.Handler):
    """Lines as machines read them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.JsonLines())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def of(self, logger: str) -> set[object]:
        """By which names the lines of this module are found; None for one without a name."""
        return {line.get("request") for line in self.lines if line["logger"] == f"core.delivery.{logger}"}


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, ours = Kept(), logging.getLogger("core")
    ours.addHandler(handler)
    before, level = ours.level, logging.INFO
    ours.setLevel(level)
    yield handler
    ours.removeHandler(handler)
    ours.setLevel(before)


def _acts() -> dict[str, set[str]]:
    """By which names the entries of an act are found."""
    found: dict[str, set[str]] = {}
    with database.reading() as db:
        for action, request in db.exec(select(AuditEntry.action, AuditEntry.request)):
            found.setdefault(action, set()).add(request)
    return found


def test_r96_what_the_engine_does_by_itself_is_found_by_one_word(
    sink: Behaviour, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTKEY_IMPORT_FOLDER", str(tmp_path / "import"))
    config.settings.cache_clear()
    monkeypatch.setattr(workflows, "SETTLES_S", 0.1)
    (tmp_path / "import").mkdir()
    (tmp_path / "import" / "set.zip").write_bytes(archive(WHOLE).content)
    found, today = import_folder.oldest(), date(2026, 11, 23).isoformat()
    engine_room.start_engine()
    DBOS.enqueue_workflow(queues.DAILY, workflows.retain, today)
    DBOS.enqueue_workflow(queues.DAILY, workflows.remind, today)
    wait_until(lambda: all(kept.of(name) for name in ("retention", "reminders", "scheduled_imports", "batches")))
    assert kept.of("retention") == {f"retention-{today}"}
    assert kept.of("reminders") == {f"reminders-{today}"} == _acts()["campaign.launched"]
    assert found is not None
    assert kept.of("scheduled_imports") == {f"import-{found.key}"} == _acts()["import.applied"]
    assert all(str(name).startswith("campaign-1-batch-") for name in kept.of("batches"))


def test_each_turn_of_the_housekeeping_has_a_name_of_its_own(
    database: None, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> int:
        logging.getLogger("core.delivery.work").info("done")
        return 1

    first, second = ({"one": (housekeeping.KEPT, work)}, {"two": (housekeeping.KEPT, work)})
    monkeypatch.setattr(housekeeping, "JOBS", first | second)
    before = requests.current()
    housekeeping.run()
    names = kept.of("work")
    assert len(names) == 2 and None not in names
    assert kept.of("housekeeping") == names
    assert requests.current() == before and before not in names


def test_r97_the_process_that_makes_a_file_writes_lines_for_machines_too(cast: object, olga: Actor) -> None:
    request_id = _ask(olga, "list-csv")
    wrong, environment = WRONG.format(request_id=request_id), os.environ | {"FIRSTKEY_LOG_FORMAT": "json"}
    command, pipe = [sys.executable, "-c", wrong], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stderr=pipe, text=True) as maker:
        assert maker.stderr
        said = maker.stderr.read()
    lines = [json.loads(line) for line in said.splitlines()]
    assert maker.returncode == 1 and {line["request"] for line in lines} == {f"file-{request_id}"}
    assert lines[-1]["message"].startswith("the file cannot be made: RuntimeError, at <string>")
    assert "maria" not in said
