"""The way back for an administrator who lost phone and recovery codes and has no colleague."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from core import database
from core.errors import NotFound
from core.permissions import command_line
from core.services import second_factor
from core.tables import candidates


def remove_second_factor(
    username: Annotated[str, typer.Argument(help="Whose app and recovery codes are lost.")],
) -> None:
    """Take the authenticator app and the recovery codes from an account and sign it out; its person is told by mail."""
    actor = command_line(getpass.getuser())
    with database.transaction() as db:
        account_id = candidates.named(db, username=username).account_id
        if account_id is None:
            raise NotFound(f"Nobody has the username {username}.")
        second_factor.remove(db, actor, account_id=account_id)
        second_factor.tell(db, actor, account_id=account_id, removed=True)  # the server finds it and sends it
    print("Removed. At the next sign-in the app is set up anew.")


COMMANDS = {"remove-second-factor": remove_second_factor}
