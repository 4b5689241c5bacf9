"""Puts the commands together. Each module of this package lists its own in COMMANDS."""

from __future__ import annotations

import os
import sys

import pydantic
import sqlalchemy as sa
import typer

from core import migrations, requests
from core.config import command as command_of
from core.errors import AppError, SettingsError
from core.manage import (
    audit,
    backups,
    campaign,
    demo,
    doctor,
    imports,
    keys,
    move,
    person,
    report,
    second_factor,
    serve,
    upgrade,
    worker,
)
from core.manage.checkups import installation

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Firstkey")
for module in (
    serve,
    demo,
    imports,
    campaign,
    report,
    worker,
    audit,
    keys,
    second_factor,
    doctor,
    backups,
    upgrade,
    move,
):
    for name, command in module.COMMANDS.items():
        app.command(name)(command)
for name, group in person.GROUPS.items():
    app.add_typer(group, name=name)


@app.callback()
def _begin(context: typer.Context) -> None:
    """What a command does has one name in the audit and in the log; a server has one for each request."""
    if context.invoked_subcommand not in ("serve", "worker"):
        requests.begin()


def main() -> int:
    """Run the command; a refusal is one sentence and exit code 1."""
    os.umask(0o077)  # databases, keys, outbox and exports are for this user of the system alone (R92)
    try:
        app()
    except (AppError, SettingsError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except pydantic.ValidationError as error:
        print(*installation.unusable(error), installation.REMEDY, sep="\n", file=sys.stderr)
        return 1
    except sa.exc.DatabaseError as error:
        why = _why_not()
        if not why or migrations.STOPPED in getattr(error, "__notes__", ()):  # then the tables are old because of it
            raise
        print(why, file=sys.stderr)
        return 1
    return 0


def _why_not() -> str:
    """What keeps every command from this database; nothing where it is as it should be, and the fault is ours."""
    try:
        migrations.require()
    except SettingsError as refusal:
        return str(refusal)
    except sa.exc.SQLAlchemyError:
        return f"The database does not answer, or is none. What is wrong with it is said by: {command_of('doctor')}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
