"""QR codes for many links that differ in their token only, a hundred times faster than one by one.

With version, level and mask fixed, each module is a XOR of bits of the token: a few look-ups make a whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import segno

_BASE = 0x40  # the character from which the others differ
_WORTH_A_BATCH = 200  # preparing costs about as many single codes
Modules = np.ndarray[Any, np.dtype[np.uint8]]


class LinkCodes:
    """The codes of `prefix` + token, all of one length and of ASCII characters; `expected` of them in all, roughly."""

    def __init__(self, prefix: str, token_length: int, *, expected: int) -> None:
        self._prefix, self._length = prefix.encode(), token_length
        self._many = expected >= _WORTH_A_BATCH
        self._options: dict[str, Any] = {"error": "m", "mask": 3, "mode": "byte", "micro": False, "boost_error": False}
        first = segno.make(self._prefix + bytes([_BASE]) * token_length, **self._options)
        self._options["version"] = first.version
        self.size = len(first.matrix)

    def paths(self, tokens: Sequence[str]) -> list[bytes]:
        """Each code as a filled PDF path, one unit per module, its lower left corner at the origin."""
        if not tokens:
            return []
        matrices = self._batch(tokens) if self._many else np.stack([self._modules(text.encode()) for text in tokens])
        return self._runs(matrices.reshape(len(tokens), self.size, self.size))

    @cached_property
    def _base(self) -> Modules:
        return self._modules(bytes([_BASE]) * self._length)

    @cached_property
    def _flips(self) -> Any:
        """What each character at each position flips, eight modules to a byte, eight bytes to a number."""
        flips = np.zeros((self._length, 128, -(-self.size * self.size // 64)), np.uint64)
        characters = np.arange(128, dtype=np.uint8) ^ _BASE
        for position in range(self._length):
            for bit in range(7):
                changed = bytearray([_BASE]) * self._length
                changed[position] ^= 1 << bit
                packed = _packed(self._modules(bytes(changed)) ^ self._base)
                flips[position, (characters >> bit) & 1 == 1] ^= packed
        return flips

    def _modules(self, token: bytes) -> Modules:
        matrix = segno.make(self._prefix + token, **self._options).matrix
        return np.frombuffer(b"".join(bytes(row) for row in matrix), np.uint8)

    def _batch(self, tokens: Sequence[str]) -> Modules:
        codes = np.frombuffer("".join(tokens).encode("ascii"), np.uint8).reshape(len(tokens), self._length)
        flips = np.bitwise_xor.reduce(self._flips[np.arange(self._length), codes], axis=1) ^ _packed(self._base)
        made: Modules = np.unpackbits(flips.view(np.uint8), axis=1, count=self.size * self.size)
        return made

    @cached_property
    def _bars(self) -> list[list[list[bytes]]]:
        """The operators of every horizontal run of dark modules, by row, first module and length."""
        n = self.size
        return [
            [[b"%d %d %d 1 re\n" % (x, n - 1 - y, length) for length in range(n - x + 1)] for x in range(n)]
            for y in range(n)
        ]

    def _runs(self, matrices: Modules) -> list[bytes]:
        edge = np.zeros((len(matrices), self.size, 1), np.int8)
        steps = np.diff(np.concatenate((edge, matrices.astype(np.int8), edge), axis=2), axis=2)
        code, row, begin = np.nonzero(steps == 1)
        end = np.nonzero(steps == -1)[2]
        bars = self._bars
        runs = zip(row.tolist(), begin.tolist(), (end - begin).tolist(), strict=True)
        parts = [bars[y][x][length] for y, x, length in runs]
        cuts = [*np.searchsorted(code, np.arange(len(matrices))).tolist(), len(parts)]
        return [b"".join(parts[cuts[i] : cuts[i + 1]]) + b"f\n" for i in range(len(matrices))]


def _packed(modules: Modules) -> Any:
    bits = np.packbits(modules)
    return np.pad(bits, (0, -len(bits) % 8)).view(np.uint64)
