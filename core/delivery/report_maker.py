"""Makes one long report or export, in a process of its own (see files and maker_process).

It ends with the process that started it, and soon after nobody wants the file any more.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlmodel import Session

from core import database, logs, requests
from core.errors import AppError
from core.rules import exports
from core.rules.exports import Cell
from core.services import list_files, outcome_files, report_making
from core.services.list_files import Order
from core.services.report_making import Begun
from core.tables import selection_rows

logger = logging.getLogger(__name__)
NICENESS, TOLD_EVERY_S, LOOK_EVERY_S = 10, 0.5, 1.0


@dataclass(frozen=True)
class Made:
    """A file, and what has to be written down before anybody gets it."""

    name: str
    content: bytes
    note: Callable[[Session], None]


def run(request_id: int) -> None:
    """Make the file, from the reading to the sealing. Nothing is left of one that is not wanted any more."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        begun = report_making.begin(db, request_id=request_id)
    if begun is None:
        return
    try:
        with _Watched(begun):
            made = _make(begun)
        _keep(begun, made)
    except AppError as refusal:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            report_making.fail(db, begun, refusal)


def _make(begun: Begun) -> Made:
    """Read in one consistent look at the data, which holds up nobody who writes."""
    if begun.asked.kind in list_files.KINDS:
        return _list(begun)
    return _outcome(begun) if begun.asked.kind in outcome_files.KINDS else _report(begun)


def _list(begun: Begun) -> Made:
    asked, actor = begun.asked, begun.actor
    order, (file_format, marked) = Order(asked.sort, asked.descending), list_files.KINDS[asked.kind]
    with database.reading() as db:
        _require_size(db, begun)
        read = list_files.read(
            db,
            actor,
            kind=asked.kind,
            selection_id=asked.selection_id,
            scope=asked.scope,
            columns=asked.columns,
            order=order,
        )
        content = exports.write(file_format, read.header, _Told(begun).of(read.slices), marked=marked)

    def note(db: Session) -> None:
        list_files.note(db, actor, read, selection_id=asked.selection_id, count=asked.expected)

    return Made(read.name, content, note)


def _outcome(begun: Begun) -> Made:
    asked, actor = begun.asked, begun.actor
    with database.reading() as db:
        found = outcome_files.read(db, actor, kind=asked.kind, campaign_id=asked.selection_id)
    content = exports.write(found.file_format, outcome_files.HEADER, [found.rows], marked=found.marked)

    def note(db: Session) -> None:
        outcome_files.note(db, actor, found, campaign_id=asked.selection_id)

    return Made(found.name, content, note)


def _report(begun: Begun) -> Made:
    from core.services import reports  # loaded where one is made: lists begin a tenth of a second sooner without
    from core.services.printed_accounts import Printed

    asked, actor = begun.asked, begun.actor
    reports.make_ready_to_draw()  # loads in its own process while this one reads
    printed = Printed(asked.selection_id, asked.scope, asked.printed_as)
    with database.reading() as db:
        _require_size(db, begun)
        found = reports.read(db, actor, kind=asked.kind, printed=printed, told=_Told(begun))
    return Made(found.prepared.name, reports.draw(found.prepared).content, lambda db: reports.note(db, actor, found))


def _require_size(db: Session, begun: Begun) -> None:
    asked = begun.asked
    selection_rows.require_size(
        db, begun.actor, selection_id=asked.selection_id, scope=asked.scope, expected=asked.expected
    )


def _keep(begun: Begun, made: Made) -> None:
    """Store it piece by piece. What it says of itself in the audit is written with the last word, or not at all."""
    wanted = True
    for number, content in enumerate(report_making.pieces(made.content)):
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            wanted = wanted and report_making.keep(db, begun, number=number, content=content)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        if wanted and report_making.finish(db, begun, name=made.name):
            made.note(db)


class _Told:
    """Counts the rows that are read, and tells so now and then."""

    def __init__(self, begun: Begun) -> None:
        self._begun, self._done, self._next = begun, 0, time.monotonic() + TOLD_EVERY_S

    def __call__(self, rows: int) -> None:
        self._done += rows
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TOLD_EVERY_S
            with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                report_making.tell(db, self._begun, done=self._done)

    def of(self, slices: Iterable[list[tuple[Cell, ...]]]) -> Iterator[list[tuple[Cell, ...]]]:
        for rows in slices:
            yield rows
            self(len(rows))


class _Watched:
    """While this lasts, the process ends when the file is not wanted any more."""

    def __init__(self, begun: Begun) -> None:
        self._begun, self._over = begun, threading.Event()

    def __enter__(self) -> None:
        threading.Thread(target=self._look, name="is-it-wanted", daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            with database.reading() as db:
                wanted = report_making.is_wanted(db, self._begun)
            if not wanted:
                _end()
                return


def _end() -> None:
    """As Ctrl-C would, in the main thread: what is half done is cleared away."""
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with_parent() -> None:
    os.read(0, 1)  # until the other side is gone
    _end()


def _stop(*_: object) -> None:
    raise SystemExit(1)


def main(request_id: int) -> None:
    """All that the process does."""
    logs.begin()
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the server, which ends this
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with requests.for_run(f"file-{request_id}"):
        try:
            run(request_id)
        except Exception as error:  # noqa: BLE001  (the edge of this process: Python would print what it says, R97)
            logger.error("the file cannot be made: %s, at %s", logs.names(error), logs.place(error))
            raise SystemExit(1) from None
