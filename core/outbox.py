"""The embedded outbox: one file per message in Firstkey's folder, readable by its owner only."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core import clock
from core.config import settings

_NAME = re.compile(r"[0-9]{16}-[0-9a-f]{32}")


@dataclass(frozen=True)
class Written:
    """A message as it would have gone out."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str


def write(*, to: str, subject: str, text: str, reference: str) -> str:
    """Store a message; the file appears whole or not at all. Gives its name."""
    now = clock.now()
    name = f"{int(now.timestamp() * 1_000_000):016d}-{reference}"
    content = {"at": now.isoformat(), "to": to, "subject": subject, "text": text}
    target = _folder() / f"{name}.json"
    temporary = target.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
    temporary.replace(target)
    return name


def names() -> list[str]:
    """The names of all messages, newest first."""
    return sorted((path.stem for path in _folder().glob("*.json")), reverse=True)


def path(name: str) -> Path:
    """The file of a message."""
    return _folder() / f"{name}.json"


def read(name: str) -> Written | None:
    """One message; None when there is none of this name."""
    path = _folder() / f"{name}.json"
    if not _NAME.fullmatch(name) or not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    at = datetime.fromisoformat(stored["at"])
    return Written(name, at, stored["to"], stored["subject"], stored["text"])


def forget(references: Collection[str]) -> int:
    """Delete the messages of these references; gives how many there were."""
    wanted = set(references)
    return sum(_gone(name) for name in names() if name.partition("-")[2] in wanted)


def forget_before(moment: datetime) -> int:
    """Delete what was written before this moment; gives how many there were."""
    return sum(_gone(name) for name in written_before(moment))


def written_before(moment: datetime) -> list[str]:
    """The names of the messages that were written before this moment."""
    first_kept = f"{int(moment.timestamp() * 1_000_000):016d}"
    return [name for name in names() if name < first_kept]


def _gone(name: str) -> bool:
    try:
        (_folder() / f"{name}.json").unlink()
    except FileNotFoundError:  # another process was quicker
        return False
    return True


def _folder() -> Path:
    folder = settings().var_folder / "outbox"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
