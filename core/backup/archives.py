"""The one file of a backup: a packed archive, sealed. The manifest stands first, so that it can be read alone."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from core.backup import manifest
from core.backup.manifest import Manifest
from core.backup.sealed_files import NOT_WHOLE, SealedReader, SealedWriter
from core.errors import InputProblem

QUICKLY = 1  # of the nine steps of gzip: databases shrink to a third even so


def write(target: Path, key: bytes, about: Manifest, files: Sequence[tuple[str, Path]]) -> None:
    """Whole or not at all, on the disk before it has its name, and for nobody else's eyes."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            _fill(file, key, about, files)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def read_manifest(source: Path, key: bytes) -> Manifest:
    """What the backup says about itself."""
    with _opened(source, key) as archive:
        return _manifest(archive)


def unpack(source: Path, key: bytes, folder: Path) -> Manifest:
    """Everything into an empty folder; each file is compared with what the manifest says of it."""
    with _opened(source, key) as archive:
        about = _manifest(archive)
        known = {part.name: part for part in about.parts}
        while (member := archive.next()) is not None:
            _one(archive, member, folder, known.get(member.name))
            del known[member.name]
    if known:
        raise InputProblem(f"{NOT_WHOLE} Missing in it: {min(known)}.")
    return about


def _fill(file: BinaryIO, key: bytes, about: Manifest, files: Sequence[tuple[str, Path]]) -> None:
    sealed = SealedWriter(file, key)
    with (
        gzip.GzipFile(fileobj=cast(BinaryIO, sealed), mode="wb", compresslevel=QUICKLY, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        content = about.to_bytes()
        archive.addfile(_member(manifest.NAME, len(content)), io.BytesIO(content))
        for part, (_name, path) in zip(about.parts, files, strict=True):
            with path.open("rb") as each:
                archive.addfile(_member(part.name, part.size), each)
    sealed.close()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


@contextmanager
def _opened(source: Path, key: bytes) -> Iterator[tarfile.TarFile]:
    try:
        with (
            source.open("rb") as file,
            gzip.GzipFile(fileobj=cast(BinaryIO, SealedReader(file, key)), mode="rb") as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            yield archive
    except (tarfile.TarError, EOFError, gzip.BadGzipFile):
        raise InputProblem(NOT_WHOLE) from None
    except OSError as error:
        raise InputProblem(f"{source} cannot be read: {error.strerror or error}.") from None


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    found = archive.extractfile(first) if first is not None and first.name == manifest.NAME else None
    if found is None:
        raise InputProblem(NOT_WHOLE)
    return manifest.from_bytes(found.read())


def _one(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, known: manifest.Part | None) -> None:
    """Names come from the manifest; one that leads out of the folder is not among them."""
    content = archive.extractfile(member)
    if known is None or content is None or ".." in Path(member.name).parts or Path(member.name).is_absolute():
        raise InputProblem(f"{NOT_WHOLE} Not expected in it: {member.name}.")
    target = folder / member.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        while piece := content.read(1 << 20):
            file.write(piece)
    if manifest.part(target, member.name) != known:
        raise InputProblem(f"{NOT_WHOLE} Changed in it: {member.name}.")
