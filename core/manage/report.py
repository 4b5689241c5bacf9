"""Reports from the command line, for instance every Monday from cron."""

from __future__ import annotations

import getpass
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from core import database
from core.errors import InputProblem
from core.manage import sections
from core.models import UserType
from core.permissions import command_line
from core.rules import words
from core.services import reports
from core.services.report_papers import ReportKind
from core.tables.filters import AccountFilter, StudentFilter


class Printable(StrEnum):
    """The reports without anything that opens an account; credentials are printed by somebody who has signed in."""

    STUDENT_ACCOUNT_INFO = ReportKind.STUDENT_ACCOUNT_INFO.value
    USER_ACCOUNT_INFO = ReportKind.USER_ACCOUNT_INFO.value


def report(
    kind: Annotated[Printable, typer.Argument(help="Which report.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    section: Annotated[list[str] | None, typer.Option("--section", help="Only these classes, for instance 7B.")] = None,
    grade: Annotated[list[str] | None, typer.Option("--grade", help="Only these grades.")] = None,
    user_type: Annotated[
        list[UserType] | None,
        typer.Option("--user-type", help="user-account-info only, instead of students: guardian, teacher ..."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a report about students, or about accounts of any user type, as PDF."""
    if out.exists() and not force:
        raise InputProblem(f"{out} is there already. Choose another name, or add --force.")
    if not out.parent.is_dir():
        raise InputProblem(f"There is no folder {out.parent}. Make it first.")
    actor = command_line(getpass.getuser())
    if user_type and kind is not Printable.USER_ACCOUNT_INFO:
        raise InputProblem("Student Account Info lists students. Use user-account-info with --user-type.")
    with database.reading() as db:
        called, wanted = _wanted(db, user_type or [], section or [], grade or [])
        found = reports.read_for(db, actor, kind=ReportKind(kind), filter=wanted, called=called)
    content = reports.draw(found.prepared).content
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        reports.note(db, actor, found)
    _write(out, content)
    print(f"Written: {out}")


def _wanted(
    db: Session, user_types: list[UserType], classes: list[str], grades: list[str]
) -> tuple[str, StudentFilter | AccountFilter]:
    """What the header calls them, and who they are: students, unless user types are named."""
    called = [*classes, *(f"Grade {one}" for one in grades)]
    ids = sections.named(db, classes)
    if not user_types:
        return ", ".join(called) or "All students", StudentFilter(section_ids=ids, grades=tuple(grades))
    types = [words.USER_TYPES[one] for one in user_types]
    return ", ".join([*types, *called]), AccountFilter(
        user_types=tuple(user_types), section_ids=ids, grades=tuple(grades)
    )


def _write(out: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputProblem(f"{out} could not be written: {error.strerror}.") from None


COMMANDS = {"report": report}
