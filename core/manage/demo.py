"""The command that makes a demo school."""

from __future__ import annotations

import getpass
import time
from typing import Annotated

import typer

from core import database, migrations
from core import demo as school
from core.permissions import command_line


def demo(
    students: Annotated[int, typer.Option(min=1, max=2_000_000, help="How many students.")] = 240,
    seed: Annotated[int, typer.Option(help="Another number makes another school.")] = 1,
) -> None:
    """Fill an empty database with a demo school."""
    migrations.upgrade()
    started = time.perf_counter()
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        made = school.seed(db, students=students, seed=seed, actor=command_line(getpass.getuser()))
    print(
        f"The demo school has {made.students:,} students, {made.guardians:,} guardians and {made.staff:,} staff in "
        f"{made.sections:,} classes, and {made.accounts:,} accounts. "
        f"It took {time.perf_counter() - started:.1f} s. Next: start Firstkey (make run)."
    )


COMMANDS = {"demo": demo}
