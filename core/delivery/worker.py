"""A process that only delivers: python -m core.manage worker (or core.delivery.worker)."""

from __future__ import annotations

import gc
import signal
import threading
from typing import Annotated

import typer

from core import database, logs, migrations
from core.config import require_folder
from core.delivery import engine, take_over
from core.tables import keys_in_use


def run(
    adopt: Annotated[
        str, typer.Option("--adopt", help="Take over at once what this executor, gone for good, has begun.")
    ] = "",
) -> None:
    """Deliver in this process until it is told to stop; several may run, each with its own FIRSTKEY_EXECUTOR_ID."""
    require_folder()
    logs.begin()
    _require_this_school()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    engine.launch(executor="worker")
    logs.adopt()
    gc.freeze()  # what was loaded stays, and need not be searched for garbage while messages wait
    if adopt:
        print(f"Taken over from {adopt}: {take_over.adopt(adopt)} batches.", flush=True)
    print("Delivering. Ctrl-C stops it.", flush=True)
    stop.wait()
    engine.shutdown()


def _require_this_school() -> None:
    """With other tables than this program's, or without the school's key, nothing may go out (F19, R93)."""
    migrations.require()
    with database.reading() as db:
        keys_in_use.require(db)


if __name__ == "__main__":
    typer.run(run)
