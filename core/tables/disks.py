"""The disks of this machine that Firstkey writes to. PostgreSQL's is not among them: it is watched where it runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.config import settings
from core.rules.health import Disk


def watched() -> tuple[Disk, ...]:
    """Each disk once, however much lies on it; the fullest first."""
    by_device: dict[int, Disk] = {}
    for holds, named in _places():
        folder = there(named)
        device, free = _device(folder), shutil.disk_usage(folder).free
        already = by_device.get(device)
        by_device[device] = Disk(
            (*(already.holds if already else ()), holds), already.folder if already else folder, free
        )
    return tuple(sorted(by_device.values(), key=lambda disk: disk.free_bytes))


def _places() -> Iterator[tuple[str, Path]]:
    own = settings()
    if own.database_url.startswith("sqlite:///"):
        yield "database", Path(own.database_url.removeprefix("sqlite:///")).parent
    if own.folder or not own.database_url.startswith("sqlite:///"):
        yield "outbox", own.var_folder
    if own.engine_url.startswith("sqlite:///"):
        yield "delivery engine", Path(own.engine_url.removeprefix("sqlite:///")).parent
    if own.backup_folder:
        yield "backups", Path(own.backup_folder)
    if own.import_folder:
        yield "import folder", Path(own.import_folder)


def _device(folder: Path) -> int:
    return folder.stat().st_dev


def there(folder: Path) -> Path:
    """A folder that is still to be made, or into which we may not look, lies on the disk of the one above it."""
    return next(above for above in (folder.resolve(), *folder.resolve().parents) if os.access(above, os.F_OK))
