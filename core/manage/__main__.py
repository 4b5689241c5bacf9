"""Puts the commands together. Each module of this package lists its own in COMMANDS."""

from __future__ import annotations

import os
import sys

import typer

from core import requests
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
