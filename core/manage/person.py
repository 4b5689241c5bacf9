"""Commands about one person."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from sqlmodel import Session, col

from core import database
from core.errors import InputProblem, NotFound
from core.models import Person, PersonKind
from core.permissions import command_line
from core.services import subject_export

person = typer.Typer(no_args_is_help=True, help="What is held about one person.")


@person.command("export")
def export(
    code: Annotated[
        str, typer.Argument(help="The code of the person in the school's own system, for instance S000123.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    kind: Annotated[PersonKind | None, typer.Option("--kind", help="Needed where the code is given twice.")] = None,
) -> None:
    """Write everything held about a person, and who saw it, as JSON and as PDF."""
    if not out.is_dir():
        raise InputProblem(f"There is no folder {out}. Make it first.")
    actor = command_line(getpass.getuser())
    for file in subject_export.KINDS:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            prepared = subject_export.prepare(db, actor, kind=file, person_id=_id(db, code, kind))
        path = out / prepared.name
        _write(path, prepared.content())
        print(f"Written: {path}")


def _id(db: Session, code: str, kind: PersonKind | None) -> int:
    query = sa.select(col(Person.id)).where(col(Person.source_id) == code)
    found = list(db.scalars(query.where(col(Person.kind) == kind) if kind else query))
    if not found:
        raise NotFound(f"There is no person with the code {code}.")
    if len(found) > 1:
        raise InputProblem(f"The code {code} stands for {len(found)} people. Add --kind student, guardian or staff.")
    return found[0] or 0


def _write(path: Path, content: bytes) -> None:
    """For nobody else's eyes."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise InputProblem(f"{path} could not be written: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


GROUPS = {"person": person}
