"""`upgrade`: bring the tables up to date, and say beforehand how long Firstkey will be away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Annotated

import typer

from core import database, migrations, version
from core.backup import before_upgrade, rehearsal
from core.config import ROOT
from core.errors import InputProblem


def upgrade(
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Try it on a copy and say how long it takes; change nothing.")
    ] = False,
    on: Annotated[str, typer.Option("--on", help="With --rehearse on PostgreSQL: the name of an empty database.")] = "",
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="Go on although nothing of today could be restored.")
    ] = False,
) -> None:
    """Bring the tables to the version of this program; starting Firstkey does the same."""
    now, steps = migrations.current(), migrations.missing()
    if not steps:
        migrations.upgrade()  # refuses the tables of a newer program
        print(f"Firstkey {version.program()}: the tables are of version {now}, up to date.")
        return
    print(f"Firstkey {version.program()}: {len(steps)} steps, from version {now or 'none'} to {steps[-1]}.", flush=True)
    if rehearse:
        _rehearse(on)
        return
    started = time.perf_counter()
    migrations.upgrade(without_backup=without_backup)
    print(f"Done in {time.perf_counter() - started:.1f} s.")
    if now and database.is_sqlite() and not without_backup:
        print(f"The database as it was lies in {before_upgrade.folder()}.")


def _rehearse(on: str) -> None:
    """In a process of its own, which knows of nothing but the copy."""
    with rehearsal.copied(on) as (copy, scratch):
        started = time.perf_counter()
        line = [sys.executable, "-m", "core.manage", "upgrade"] + ([] if database.is_sqlite() else ["--without-backup"])
        environment = os.environ | {"FIRSTKEY_DATABASE_URL": copy, "FIRSTKEY_FOLDER": scratch}
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        took = time.perf_counter() - started
    if done.returncode:
        raise InputProblem(f"It failed on a copy, so do not upgrade: {done.stderr.strip()[-500:]}")
    print(
        f"On a copy it took {took:.0f} s. So long, and a few seconds to start, Firstkey will be away. Nothing changed."
    )


COMMANDS = {"upgrade": upgrade}
