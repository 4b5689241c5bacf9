"""Changes users in Microsoft 365 as they changed here; asked for twice, it is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import database
from core.delivery import directory_work
from core.errors import GatewayError, GatewayErrorKind
from core.rules.microsoft_accounts import NotCreated
from core.services import directory_changes
from core.services.directory_attempts import Attempt
from core.services.directory_changes import Claim, Outcome

if TYPE_CHECKING:
    from core.gateways.microsoft_directory import Directory

NOT_ALLOWED = (
    "The application may not change users. Give it the application permission User.ReadWrite.All (and "
    "User.EnableDisableAccount.All to switch users off), then press “Grant admin consent”, and go on."
)
_KINDS = GatewayErrorKind


def run(run_id: int) -> None:
    """Go on where whoever began it left off."""
    directory_work.run(run_id, _update, not_allowed=NOT_ALLOWED)


def _update(directory: Directory, attempt: Attempt) -> None:
    while claims := _claim(attempt):
        directory_work.pause(max(claim.seconds for claim in claims))
        said = directory.update([(claim.object_id or "", dict(claim.body)) for claim in claims])
        outcomes = {claim.change_id: _outcome(claim, error) for claim, error in zip(claims, said, strict=True)}
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            directory_changes.mark(db, attempt, outcomes={key: one for key, one in outcomes.items() if one})
        for error in said:
            if error is not None and error.kind is _KINDS.CONFIGURATION:
                raise error
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        directory_changes.finish(db, attempt)


def _claim(attempt: Attempt) -> list[Claim]:
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return directory_changes.claim(db, attempt)


def _outcome(claim: Claim, error: GatewayError | None) -> Outcome | None:
    if error is None:
        return Outcome(claim.object_id, licensed=True)
    return Outcome(reason=NotCreated.REFUSED) if error.kind is _KINDS.PERMANENT else None
