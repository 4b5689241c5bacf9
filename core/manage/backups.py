"""`backup` and `restore`: one sealed file with everything but the secret key, and the way back (R92, F18)."""

from __future__ import annotations

import getpass
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from core import database, keys, migrations
from core.backup import before_upgrade, making, restoring, sealed_files
from core.backup.making import Made
from core.backup.manifest import Manifest
from core.config import settings
from core.errors import InputProblem
from core.permissions import command_line
from core.services import audit, audit_anchors, backups, key_rotation
from core.services.audit_chain import Verdict
from core.tables import keys_in_use

KEEP = 35  # nightly: five weeks, as long as erased people may linger (R102)
_KeyFile = Annotated[Path | None, typer.Option("--key-file", help="The backup key; else FIRSTKEY_BACKUP_KEY_FILE.")]


def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder for backups; else FIRSTKEY_BACKUP_FOLDER.", show_default=False)
    ] = None,
    key_file: _KeyFile = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="So many backups stay in the folder.")] = KEEP,
) -> None:
    """Back everything up but the secret key, while the school works, into one sealed file."""
    started = time.perf_counter()
    target = folder or _named(settings().backup_folder, "folder for backups", "FIRSTKEY_BACKUP_FOLDER")
    key_path = _key_path(key_file)
    made = making.make(target, key_path, key=sealed_files.key_from(key_path), keep=keep)
    _note(made)
    took = time.perf_counter() - started
    print(f"Written: {made.path} ({made.size / 2**20:,.1f} MB in {took:.1f} s).")
    print(f"In it: {_contents(made.about)}.")
    if made.taken_away:
        print(f"Older backups taken away: {made.taken_away}.")
    print(f"Not in it: the secret key {made.about.key} and the backup key. Keep a copy of both somewhere else.")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    key_file: _KeyFile = None,
    only_check: Annotated[bool, typer.Option("--only-check", help="Open and check the file, restore nothing.")] = False,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="The secret key is lost for good: end what only it could open.")
    ] = False,
) -> None:
    """Put a backup into an empty place. Sending stays held until an administrator says go."""
    started = time.perf_counter()
    key = sealed_files.key_from(_key_path(key_file))
    if only_check:
        print(f"This backup is whole: {_contents(restoring.check(file, key))}.")
        return
    about = restoring.restore(file, key, without_key=without_key)
    print(f"Restored in {time.perf_counter() - started:.1f} s: {_contents(about)}. Each message is there once.")
    actor, made_at = command_line(getpass.getuser()), datetime.fromisoformat(about.made_at)
    verdict = _look_at_audit(without_key=without_key)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        gone = key_rotation.give_up(db, actor) if without_key else {}
        backups.note_restored(db, actor, made_at=made_at)
    if gone:
        print(f"Ended, because only the lost key opened them: {gone['links']:,} links, {gone['apps']:,} apps.")
    if verdict is not None and verdict.broken_at is not None:
        raise InputProblem(
            f"The audit is broken at entry {verdict.broken_at}: {verdict.why}. It was so when the backup was made; "
            "find out why before you start Firstkey, or empty this place and restore an older backup."
        )
    print("Nobody is signed in, and reminders are off until somebody starts them again.")
    print("Nothing is sent until an administrator says Go under Campaigns. Now start Firstkey.")


def _note(made: Made) -> None:
    if made.about.schema != migrations.newest():
        before_upgrade.note_backup()
        return
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        backups.note_made(db, command_line(getpass.getuser()), size=made.size, key=made.about.key)


def _look_at_audit(*, without_key: bool) -> Verdict | None:
    """What this machine noted of newer entries cannot fit an older database; the old notes are kept."""
    kept = audit_anchors.set_aside()
    if kept is not None:
        print(f"The notes of newer entries of the audit are kept as {kept.name}.")
    with database.reading() as db:
        if without_key or keys_in_use.all_of_them(db) - keys.known().keys():
            print("The audit cannot be verified without the key that is lost.")
            return None
        verdict = audit.verify(db)
    if verdict.broken_at is None:
        print(f"The audit is whole: {verdict.entries:,} entries.")
    return verdict


def _contents(about: Manifest) -> str:
    rows, made_at = about.census.rows, datetime.fromisoformat(about.made_at)
    letters = sum(part.name.startswith("outbox/") for part in about.parts)
    return (
        f"{rows.get('person', 0):,} people, {rows.get('account', 0):,} accounts, {rows.get('message', 0):,} messages, "
        f"{letters:,} of the outbox, as of {made_at:%d %b %Y, %H:%M} UTC (Firstkey {about.program}, "
        f"tables {about.schema})"
    )


def _key_path(given: Path | None) -> Path:
    return given or _named(settings().backup_key_file, "backup key", "FIRSTKEY_BACKUP_KEY_FILE")


def _named(value: str, what: str, setting: str) -> Path:
    if not value:
        raise InputProblem(f"Which {what}? Name it here, or set {setting}.")
    return Path(value)


COMMANDS = {"backup": backup, "restore": restore}
