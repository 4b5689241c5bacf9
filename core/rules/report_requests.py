"""What is asked of a file that is made beside the pages, and which files are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Literal

from core.rules import report_parameters
from core.rules.report_parameters import CredentialParameters

LONG, LONG_CREDENTIALS = 2_000, 1_000  # more rows than these are not made while the person waits
KEPT, REMEMBERED = timedelta(minutes=10), timedelta(hours=24)
PART = 1_000_000  # bytes of a piece
AT_MOST = 5  # of one account at a time


@dataclass(frozen=True)
class Asked:
    """The form of a report item, kept until the file is made. `parameters` is text of rules.report_parameters."""

    kind: str
    selection_id: int
    scope: Literal["selected", "shown"] = "selected"
    expected: int = 0
    columns: tuple[str, ...] = ()
    sort: str = "name"
    descending: bool = False
    parameters: str = ""
    pdf_password: str = field(default="", repr=False)

    @property
    def printed_as(self) -> CredentialParameters:
        """What the window of credentials asked; refuses with a sentence whatever it would not have."""
        if not self.parameters:
            return CredentialParameters()
        return report_parameters.from_text(self.parameters, pdf_password=self.pdf_password)

    def of(self, selection_id: int, scope: Literal["selected", "shown"]) -> Asked:
        """The same of other rows."""
        return replace(self, selection_id=selection_id, scope=scope)

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def is_long(kind: str, number: int) -> bool:
    """Whether so many rows, of credentials so many slips, are made in a process of their own and fetched later."""
    return number > (LONG_CREDENTIALS if kind == "credentials" else LONG)


def from_bytes(stored: bytes) -> Asked:
    """What `as_bytes` wrote."""
    told = json.loads(stored)
    return Asked(**told | {"columns": tuple(told["columns"])})


def place_of(token: str, number: int | None = None) -> str:
    """Where what is sealed belongs: what a request asks, or a piece of its file."""
    return f"report_request|{token}" if number is None else f"report_part|{token}|{number}"
