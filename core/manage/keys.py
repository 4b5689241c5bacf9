"""`rotate-key`: another secret key, while links, sessions and apps go on working."""

from __future__ import annotations

import getpass
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from core import database, keys
from core.permissions import command_line
from core.services import key_rotation
from core.tables import keys_in_use, school


def rotate_key(
    old_is_lost: Annotated[
        bool, typer.Option("--old-is-lost", help="End what only the lost key could open, and begin anew.")
    ] = False,
) -> None:
    """Make a new secret key and seal under it what is sealed; older keys stay as long as something needs them."""
    actor = command_line(getpass.getuser())
    if old_is_lost:
        with database.transaction() as db:
            gone = key_rotation.give_up(db, actor)
        print(f"Ended: {gone['links']:,} links and initial passwords, {gone['apps']:,} authenticator apps.")
        print("The audit of before cannot be verified any more. Start Firstkey again, then send new invitations.")
        return
    with database.reading() as db:
        keys_in_use.require(db)
    if keys.path() is not None:
        keys.add()
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        resealed = key_rotation.reseal(db, actor)
    _say(resealed)


def _say(resealed: int) -> None:
    today = keys.current().kid
    with database.reading() as db:
        needed, until = keys_in_use.all_of_them(db), keys_in_use.live_until(db, but=today)
        zone = ZoneInfo(school.settings(db).time_zone)
    print(f"New key {today}. Sealed anew: {resealed:,} secrets.")
    if until is not None:
        print(f"Links of older keys go on working, the last until {until.astimezone(zone):%d %b %Y}.")
    if keys.path() is not None:
        forgotten = keys.keep(needed)
        kept = len(keys.known()) - 1
        print(f"Older keys that stay in {keys.path()} for them and for the audit: {kept}. Taken out: {forgotten}.")
    else:
        print("Keep the old key in FIRSTKEY_SECRET_KEY_PREVIOUS for them and for the audit.")
    print("Restart every process of Firstkey now, and keep a copy of the new key apart from the backups.")


COMMANDS = {"rotate-key": rotate_key}
