"""ZIP archives from strangers: what is in them, and never more than we are ready to hold."""

from __future__ import annotations

import io
import zipfile
import zlib

from core.errors import InputProblem

MAX_UNPACKED, MAX_ENTRIES = 100 * 1024 * 1024, 2_000
_CHUNK = 1 << 20


def unpack(content: bytes, *, limit: int = MAX_UNPACKED, only: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The files by name. `only`: endings of names to keep; the others are measured all the same."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive, limit, only)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise InputProblem(
            "This file is damaged or locked with a password and cannot be opened. Save it again and upload that."
        ) from error


def _read(archive: zipfile.ZipFile, limit: int, only: tuple[str, ...]) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise InputProblem(f"This archive holds {len(entries):,} files; a school's data are a dozen.")
    if any(_leads_out(entry.filename) for entry in entries):
        raise InputProblem("This archive names files outside of itself, and none of it was read. Pack it anew.")
    found: dict[str, bytes] = {}
    left = limit
    for entry in entries:
        data = _take(archive, entry, left, limit)
        left -= len(data)
        if not only or entry.filename.lower().endswith(only):
            found[entry.filename] = data
    return found


def _leads_out(name: str) -> bool:
    """We write nothing to disk under such a name; whoever packs one means harm, or has a broken program."""
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "" or parts[0].endswith(":") or ".." in parts


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, limit: int) -> bytes:
    """The size that an entry claims may be a lie, so its bytes are counted as they come (zip bombs)."""
    parts: list[bytes] = []
    with archive.open(entry) as stream:
        while part := stream.read(_CHUNK):
            left -= len(part)
            if left < 0:
                raise InputProblem(
                    f"Unpacked, this file is larger than {limit // 1024 // 1024:,} MB. That is more than a "
                    "school's lists need: upload the plain list."
                )
            parts.append(part)
    return b"".join(parts)
