"""Starts a process for a long report or export, and waits for it.

Reading 100,000 rows in this process would hold up every page; the other one also runs with less priority than pages.
"""

from __future__ import annotations

import subprocess
import sys

from core import database
from core.config import ROOT
from core.delivery import batches
from core.services import report_making

LOOK_EVERY_S, LONGEST_S = 0.5, 1_800


def make(request_id: int) -> None:
    """Return when the file is there, refused or cancelled. A process that ended without a word has failed."""
    with database.reading() as db:
        attempt = report_making.next_attempt(db, request_id=request_id)
    _make(request_id)
    if batches.stopping.is_set():
        raise InterruptedError("Firstkey stops: the file is made when it starts again")
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        report_making.lost(db, request_id=request_id, attempt=attempt)


def _make(request_id: int) -> None:
    waited = 0.0
    command = [sys.executable, "-m", "core.delivery.maker_process", str(request_id)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as maker:  # noqa: S603
        while not _has_ended(maker):
            waited += LOOK_EVERY_S
            if waited > LONGEST_S or batches.stopping.is_set():
                maker.terminate()


def _has_ended(maker: subprocess.Popen[bytes]) -> bool:
    try:
        maker.wait(LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True
