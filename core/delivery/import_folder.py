"""The import folder: which file is there, whether it has stopped changing, and where it goes afterwards."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import clock
from core.config import settings
from core.errors import InputProblem
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload

DONE, REFUSED = "done", "refused"
KEPT = timedelta(days=30)
_ENDINGS = (".zip", ".csv", ".txt", ".tsv", ".xlsx")
_IS_COMPLETE = ".done"  # a file beside it says so: set.zip.done
_UNREADABLE = (
    "Firstkey may not read this file. Give it to the user that Firstkey runs as (as root: chown firstkey FILE), then "
    "put it into the folder once more."
)
_LONGEST = 200  # bytes of a name, so that a moment fits in front of it


@dataclass(frozen=True)
class Found:
    """A file as it was at one moment. Every write and every move changes one of the numbers."""

    name: str
    size: int
    written_ns: int
    changed_ns: int

    @property
    def came_at(self) -> datetime:
        """When it was put there."""
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)

    @property
    def key(self) -> str:
        """The same for the same file at the same moment, in every process."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:32]


def oldest() -> Found | None:
    """The file that waits longest; links, folders and what begins with a dot are passed by."""
    if not settings().import_folder:
        return None
    names = [path.name for path in _folder().iterdir() if path.suffix.lower() in _ENDINGS and path.name[0] != "."]
    found = [one for one in map(look, names) if one]
    return min(found, key=lambda one: (one.written_ns, one.name), default=None)


def look(name: str) -> Found | None:
    """What a file is now; None when it is gone, or is none."""
    try:
        facts = (_folder() / name).lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Found(name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def is_said_to_be_complete(name: str) -> bool:
    return (_folder() / f"{name}{_IS_COMPLETE}").is_file()


def read(found: Found) -> Upload:
    """The file, never through a link that somebody has put in its place since."""
    if found.size > COMMAND_LINE_LIMITS.size:
        raise InputProblem(f"This file has more than {COMMAND_LINE_LIMITS.size // 1024 // 1024} MB. Divide it.")
    try:
        opened = os.open(_folder() / found.name, os.O_RDONLY | os.O_NOFOLLOW)
    except PermissionError:
        raise InputProblem(_UNREADABLE) from None
    with os.fdopen(opened, "rb") as file:
        return Upload(found.name, file.read(COMMAND_LINE_LIMITS.size + 1))


def put_aside(found: Found, into: str, report: str) -> None:
    """Move the file into `done` or `refused`, with the report beside it.

    What has come in its place meanwhile stays and is taken next; what another process has moved is moved.
    """
    if look(found.name) != found:
        return
    to, name = _folder() / into, found.name
    to.mkdir(exist_ok=True)
    short = name.encode()[-_LONGEST:].decode(errors="ignore")
    moved = to / f"{clock.now():%Y%m%d-%H%M%S}-{short}"
    try:
        (_folder() / name).replace(moved)
    except FileNotFoundError:  # another process was quicker since we looked
        return
    (to / f"{moved.name}.report.txt").write_text(report, encoding="utf-8")
    (_folder() / f"{name}{_IS_COMPLETE}").unlink(missing_ok=True)


def forget_old() -> int:
    """They are full of people: files that were put aside go after a month."""
    before, gone = (clock.now() - KEPT).timestamp(), 0
    for into in (DONE, REFUSED) if settings().import_folder else ():
        for path in (_folder() / into).glob("*"):
            if path.lstat().st_ctime < before:
                path.unlink()
                gone += 1
    return gone


def _folder() -> Path:
    return Path(settings().import_folder)
