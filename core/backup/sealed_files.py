"""Files sealed in pieces (AES-256-GCM), so that a large one needs little memory (R92).

Each piece carries its number and whether it is the last one: pieces that were changed, moved, taken out or cut off at
the end do not open. The key of a file comes from the backup key and from salt of its own (scrypt), so a nonce is used
once.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.errors import InputProblem, SettingsError

MAGIC = b"FIRSTKEY BACKUP 1\n"
PIECE, TAG, SALT = 1 << 20, 16, 16
SHORTEST_KEY = 20  # letters: a passphrase of five words, or 32 bytes as hex
NO_BACKUP = "This is no backup of Firstkey."
NOT_WHOLE = "This backup does not open: the backup key is another one, or the file was changed or cut off."


def key_from(path: Path) -> bytes:
    """The backup key from its file. Raises SettingsError in words."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"The backup key cannot be read from {path}: {error.strerror}. Make one with: openssl rand -hex 32"
        ) from None
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"The backup key in {path} is too short ({len(key)} letters). Make one with: openssl rand -hex 32"
        )
    return key


class SealedWriter:
    """What is written here lies sealed in `file`. Without close() the result does not open."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file, self._pending, self._number = file, bytearray(), 0
        self._header = MAGIC + secrets.token_bytes(SALT)
        self._cipher = _cipher(key, self._header)
        file.write(self._header)

    def write(self, content: bytes) -> int:
        self._pending += content
        while len(self._pending) > PIECE:  # the last piece is never empty-handed: close() seals what is left
            self._seal(PIECE, last=False)
        return len(content)

    def flush(self) -> None:
        """Pieces have a fixed size: there is nothing to hand on earlier."""

    def close(self) -> None:
        self._seal(len(self._pending), last=True)

    def _seal(self, size: int, *, last: bool) -> None:
        piece = bytes(self._pending[:size])
        del self._pending[:size]
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, self._header))
        self._number += 1


class SealedReader:
    """Gives back what a SealedWriter wrote. Raises InputProblem for everything else."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._header = file.read(len(MAGIC) + SALT)
        if not self._header.startswith(MAGIC) or len(self._header) < len(MAGIC) + SALT:
            raise InputProblem(NO_BACKUP)
        self._file, self._cipher, self._number = file, _cipher(key, self._header), 0
        self._ready, self._next = bytearray(), file.read(PIECE + TAG)

    def read(self, size: int = -1) -> bytes:
        while self._next and (size < 0 or len(self._ready) < size):
            self._open()
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def _open(self) -> None:
        piece, self._next = self._next, self._file.read(PIECE + TAG)
        try:
            self._ready += self._cipher.decrypt(_nonce(self._number, last=not self._next), piece, self._header)
        except InvalidTag:
            raise InputProblem(NOT_WHOLE) from None
        self._number += 1


def _cipher(key: bytes, header: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=header[len(MAGIC) :], length=32, n=2**15, r=8, p=1).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
