"""What a backup says about itself; it stands first in the file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.backup.census import Census
from core.errors import InputProblem

NAME, FORMAT = "manifest.json", 1


@dataclass(frozen=True)
class Part:
    """One file of the backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`databases`: sqlite or postgresql for each database. `keys`: the secret keys without which it opens nothing."""

    made_at: str
    program: str
    schema: str
    databases: dict[str, str]
    key: str
    keys: list[str]
    census: Census
    parts: list[Part]
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def from_bytes(content: bytes) -> Manifest:
    """Raises InputProblem for what a newer Firstkey wrote."""
    told: dict[str, Any] = json.loads(content)
    if told.get("format") != FORMAT:
        raise InputProblem(f"This backup was made by a newer Firstkey ({told.get('program')}). Install that one first.")
    census, parts = Census(**told.pop("census")), [Part(**part) for part in told.pop("parts")]
    return Manifest(census=census, parts=parts, **told)


def part(path: Path, name: str) -> Part:
    """The name, size and digest of a file."""
    with path.open("rb") as file:
        return Part(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
