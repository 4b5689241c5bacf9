"""The program itself: its settings, its key, its libraries, and what the school decided about signing in."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pydantic
import sqlalchemy as sa

from core import database, keys
from core import version as program
from core.config import ROOT, Settings
from core.config import settings as read_settings
from core.errors import SettingsError
from core.manage.checkups.findings import Finding, fault, fine, warning
from core.tables import keys_in_use, school

REMEDY = "Correct it in the environment or in .env; .env.example says what it takes."
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def settings() -> tuple[Settings | None, list[Finding]]:
    """The settings, or which of them cannot be used. What stands in them is not repeated: it may be a secret."""
    try:
        return read_settings(), [fine("settings", "can be read")]
    except pydantic.ValidationError as error:
        return None, [fault("settings", wrong, REMEDY) for wrong in unusable(error)]


def unusable(error: pydantic.ValidationError) -> list[str]:
    """Each setting by its name, and why it cannot be used."""
    return [f"FIRSTKEY_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]


def key() -> Iterator[Finding]:
    """The secret key can be used and is the one of this database."""
    try:
        known = keys.known()
    except SettingsError as error:
        remedy = "Put back the right key, or for a new school make one with: openssl rand -hex 32"
        yield fault("key", str(error), remedy)
        return
    where = keys.path() or "FIRSTKEY_SECRET_KEY"
    try:
        with database.reading() as db:
            lost = keys_in_use.is_lost(db)
    except sa.exc.SQLAlchemyError:
        lost = False  # the look at the database says more
    if lost:
        yield fault("key", "It is not the key with which this database was made.", keys_in_use.lost())
    else:
        older = f", and {len(known) - 1} older" if len(known) > 1 else ""
        yield fine("key", f"{next(iter(known))} from {where}{older}")


def versions() -> Iterator[Finding]:
    """What runs is what was tested."""
    pins: dict[str, set[str]] = {}
    for name, version in _PIN.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        pins.setdefault(name, set()).add(version)  # some differ from one Python to the next
    others = {name: found for name, tested in pins.items() if (found := _installed(name)) not in {*tested, None}}
    if others:
        listed = ", ".join(f"{name} {found}" for name, found in sorted(others.items())[:10])
        pinned = f"{sys.executable} -m pip install --require-hashes -r {ROOT / 'requirements.txt'}"
        remedy = f"Run: {pinned}, then start Firstkey again."
        yield warning("versions", f"Other versions than those tested: {listed}.", remedy)
    else:
        below = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        said = f"Firstkey {program.program()}, {below}, {len(pins)} libraries as pinned"
        yield fine("versions", said)


def signing_in() -> Iterator[Finding]:
    """Whether a password alone opens the school."""
    with database.reading() as db:
        own = school.settings(db)
    if own.second_factor or own.is_demo:
        said = (
            "a demo: the password is enough" if own.is_demo and not own.second_factor else "staff need a second factor"
        )
        yield fine("signing in", said)
    else:
        remedy = "Switch it on under Settings > Passwords; it is asked at the next sign-in."
        yield warning("signing in", "Staff sign in with a password alone.", remedy)


def alerts(*, is_demo: bool) -> Iterator[Finding]:
    """Whether anybody hears of what is wrong without looking."""
    with database.reading() as db:
        to = school.settings(db).alert_address
    if to or is_demo:
        yield fine("alerts", "are mailed to the address in Settings" if to else "a demo mails none")
    else:
        yield warning("alerts", "They are mailed to nobody: no address is set.", "Set one under Settings > Alerts.")


def import_folder(known: Settings) -> Iterator[Finding]:
    """Whether files that come into the import folder can be read, and put aside afterwards."""
    if not known.import_folder:
        return
    folder = Path(known.import_folder)
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield fine("import folder", f"{folder}, looked at every minute")
    else:
        remedy = f"Run: install -d -m 700 -o firstkey -g firstkey {folder}"
        yield fault("import folder", f"{folder} is not there, or Firstkey may not write into it.", remedy)


def _installed(name: str) -> str | None:
    """The version here; None for what this system does not need."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
