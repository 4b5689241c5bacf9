"""A spreadsheet that may be handed out."""

from __future__ import annotations

from dataclasses import dataclass

from core.documents import press
from core.documents.papers import Sheet
from core.rules import exports


@dataclass(frozen=True)
class SheetFile:
    """Checked, read and audited; written to a file when the transaction is over."""

    name: str
    sheet: Sheet

    @property
    def media_type(self) -> str:
        return exports.MEDIA_TYPES[self.sheet.file_format]

    def content(self) -> bytes:
        return press.draw(self.sheet)
