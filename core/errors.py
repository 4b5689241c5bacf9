"""What Firstkey says when it says no.

AppError                 a refusal: its text is for the person, logged at INFO
├─ InputProblem          they can fix it; field, hint
│  └─ RowProblems        many: file, row, column, value, message
├─ SignInRequired        the guard only
├─ NotAllowed            same words as NotFound where existence is private
├─ FreshCodeRequired     they may, but must prove anew who they are (R31)
├─ NotFound
├─ Conflict              the world moved: list changed, already sent
│  └─ TokenRejected      ended | used | replaced: only for genuine tokens; else neutral
└─ LimitReached          limit, used, resets_at
GatewayError             kind: transient | permanent | ambiguous | configuration; never reaches a page
SettingsError            start-up only
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.permissions import Actor


class AppError(Exception):
    """A refusal. Its text is a sentence for the person: what happened, what to do next."""


class InputProblem(AppError):
    """Something the person typed needs another look."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.field, self.hint = field, hint


class Severity(StrEnum):
    """Whether a row of an import can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class RowProblem:
    """One problem in one cell of a file; `row` is the number that a spreadsheet shows."""

    file: str
    row: int
    column: str
    value: str
    message: str
    severity: Severity = Severity.ERROR


class RowProblems(InputProblem):
    """Many rows of a file need another look; nothing was changed."""

    def __init__(self, message: str, problems: Sequence[RowProblem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class SignInRequired(AppError):
    """Nobody is signed in, or the session has ended."""


@dataclass(frozen=True)
class Sought:
    """What somebody asked for by its id."""

    kind: str
    id: int


class NotAllowed(AppError):
    """The actor lacks the permission.

    `by` and what they asked for are for the audit: whoever begins a unit of work writes them down once it is undone.
    """

    def __init__(
        self, message: str, *, by: Actor | None = None, permission: str = "", sought: Sought | None = None
    ) -> None:
        super().__init__(message)
        self.by, self.permission, self.sought, self.is_noted = by, permission, sought, False


class FreshCodeRequired(AppError):
    """The actor may, but last proved who they are too long ago: ask for a code, then do it (R31)."""

    def __init__(self) -> None:
        super().__init__("Show once more that it is you, then it goes on.")


class NotFound(AppError):
    """There is nothing of that name within the actor's scope."""


class Conflict(AppError):
    """The world moved between looking and acting."""


class TokenRejected(Conflict):
    """A genuine link or initial password that can no longer be used."""

    def __init__(self, reason: str, *, at: datetime | None = None, invitation_id: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.at, self.invitation_id = reason, at, invitation_id


class LimitReached(AppError):
    """Too many, or too soon."""

    def __init__(self, message: str, *, resets_at: datetime | None = None) -> None:
        super().__init__(message)
        self.resets_at = resets_at


class GatewayErrorKind(StrEnum):
    """What a failed call to an outside system means (see docs/operations.md, *Sending*)."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"
    CONFIGURATION = "configuration"


class GatewayError(Exception):
    """A call to an outside system failed. `reason` is one of FailureReason, never a message body."""

    def __init__(
        self, kind: GatewayErrorKind, detail: str, *, reason: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.kind, self.reason, self.retry_after = kind, reason, retry_after


class SettingsError(Exception):
    """Firstkey must not start like this; the text says which setting to change."""
