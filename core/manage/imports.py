"""The command that imports a school's files."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Annotated

import typer

from core import database, migrations
from core.config import command
from core.errors import InputProblem, RowProblem, Severity
from core.permissions import Actor, command_line
from core.rules.delimited import DELIMITERS
from core.rules.imports import reading
from core.rules.imports.intake import FORMAT_WORDS, Intake
from core.rules.imports.plan import Counts
from core.rules.imports.reading import Choices
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.rules.text_encoding import ENCODINGS
from core.services import imports
from core.services.imports import Applied, Check, Leave

_SHOWN = 50
_ENDINGS = (".csv", ".txt", ".xlsx")
_DELIMITER_WORDS = {word: delimiter for delimiter, word in DELIMITERS.items()}


def import_(
    path: Annotated[Path, typer.Argument(help="A CSV or Excel file, a ZIP archive, or a folder of CSV files.")],
    apply: Annotated[bool, typer.Option("--apply", help="Import; without it, only check.")] = False,
    mark_as_left: Annotated[
        bool, typer.Option("--mark-as-left", help="Who is missing from the files becomes Left.")
    ] = False,
    only_said: Annotated[
        bool, typer.Option("--only-said", help="With --mark-as-left: only those of whom the files say that they left.")
    ] = False,
    typed: Annotated[
        int | None,
        typer.Option("--leavers", help="How many leave, where those are more than the school allows at once."),
    ] = None,
    delimiter: Annotated[
        str, typer.Option(help="comma, semicolon, tab or one character; found out if not given.")
    ] = "",
    encoding: Annotated[str, typer.Option(help=f"One of {', '.join(ENCODINGS)}; found out if not given.")] = "",
) -> None:
    """Check a school's files and, with --apply, import them: all or nothing."""
    if only_said and not mark_as_left:
        raise InputProblem("--only-said says who is marked as left: write --mark-as-left beside it.")
    migrations.upgrade()
    started, uploads = time.perf_counter(), _uploads(path)
    choices = Choices(encoding=encoding, delimiter=_DELIMITER_WORDS.get(delimiter, delimiter))
    check = _checked(uploads, choices)
    leavers = check.leavers(only_said=only_said)
    spared = [row["source_id"] for row in leavers.spared]
    _say_leavers([row["source_id"] for row in leavers.rows], spared=spared, only_said=only_said, stay=not mark_as_left)
    if not apply:
        print(f"Nothing was changed. To import: {command(f'import {path} --apply')}")
        raise typer.Exit(1 if check.errors else 0)
    leave = (Leave.WHO_IS_SAID_TO if only_said else Leave.WHO_IS_MISSING) if mark_as_left else Leave.NOBODY
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        done = imports.apply(db, _actor(), seen=check, uploads=uploads, leave=leave, typed_leavers=typed)
    _say_done(done, seconds=time.perf_counter() - started, leave=leave)


def _checked(uploads: list[Upload], choices: Choices) -> Check:
    """What the files would change, and what is wrong with them, which is said."""
    intake = reading.read(reading.sheets(uploads, limits=COMMAND_LINE_LIMITS, choices=choices), choices=choices)
    _say_what_was_read(intake)
    with database.reading() as db:
        check = imports.check(db, _actor(), intake=intake)
    _say_problems(check.problems)
    _say_counts(check.plan.counts)
    return check


def _actor() -> Actor:
    return command_line(getpass.getuser())


def _say_done(done: Applied, *, seconds: float, leave: Leave) -> None:
    run = done.run
    left = "" if leave == Leave.NOBODY else f", {run.left:,} marked as left"
    print(f"Imported in {seconds:.1f} s: {run.created:,} new, {run.changed:,} changed{left}.")
    if done.notices:
        print("Addresses changed: the old ones are told, and whoever is verified is asked to confirm the new one.")
        print("This is sent while Firstkey runs.")
    print("Next: create accounts in the Students List.")


def _uploads(path: Path) -> list[Upload]:
    if not path.exists():
        raise InputProblem(f"There is no file or folder {path}. Check the path.")
    # What is no folder is read, whatever it is: a pipe of a shell, say.
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS) if path.is_dir() else [path]
    return [Upload(file.name, file.read_bytes()) for file in files]


def _say_what_was_read(intake: Intake) -> None:
    print(intake.told or FORMAT_WORDS[intake.format])
    for file in intake.files:
        kind = f"{ENCODINGS.get(file.encoding, file.encoding)}, {DELIMITERS.get(file.delimiter, file.delimiter)}"
        print(f"  {file.name}: {file.rows:,} rows ({kind})")
        by_reason: dict[str, list[str]] = {}
        for column in file.columns:
            if not column.meaning:
                by_reason.setdefault(column.reason, []).append(column.header)
        for reason, headers in by_reason.items():
            print(f"    {reason}: {', '.join(headers[:20])}{' …' if len(headers) > 20 else ''}")


def _say_problems(problems: list[RowProblem]) -> None:
    for problem in problems[:_SHOWN]:
        word = "ERROR" if problem.severity == Severity.ERROR else "note"
        value = f" “{problem.value}”" if problem.value else ""
        print(f"  {word}  {problem.file}, row {problem.row}, {problem.column}{value}: {problem.message}")
    if len(problems) > _SHOWN:
        print(f"  … and {len(problems) - _SHOWN:,} more.")


def _say_counts(counts: Counts) -> None:
    print(
        f"People: {counts.created:,} to create, {counts.changed:,} to change, {counts.unchanged:,} unchanged, "
        f"{counts.missing:,} missing from the files."
    )
    print(
        f"Classes: {counts.sections_created:,} new, {counts.sections_changed:,} changed. "
        f"Enrolments: {counts.enrolments_created:,} new, {counts.enrolments_ended:,} ended. "
        f"Guardianships: {counts.guardianships_created:,} new."
    )
    if counts.returning:
        print(f"Coming back: {counts.returning:,} who had left with an earlier file or are said to be here again.")


def _say_leavers(codes: list[str], *, spared: list[str], only_said: bool, stay: bool) -> None:
    who = "Said by the files to have left" if only_said else "Missing from the files"
    if spared:
        print(f"{who}, but never marked by a file, because they administer the school: {', '.join(spared)}.")
    if codes:
        more = f" and {len(codes) - _SHOWN:,} more" if len(codes) > _SHOWN else ""
        end = " They stay as they are without --mark-as-left." if stay else ""
        print(f"{who}: {', '.join(codes[:_SHOWN])}{more}.{end}")


COMMANDS = {"import": import_}
