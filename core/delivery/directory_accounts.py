"""Creates users in Microsoft 365, a few at a time: claim (committed), look whether they are there, create, mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import database
from core.delivery import directory_work
from core.errors import GatewayError, GatewayErrorKind
from core.rules import microsoft_accounts
from core.rules.directory_users import THERE, User
from core.rules.microsoft_accounts import NotCreated
from core.services import directory_changes
from core.services.directory_attempts import Attempt
from core.services.directory_changes import Claim, Outcome

if TYPE_CHECKING:
    from core.gateways.microsoft_directory import Directory

NOT_ALLOWED = (
    "The application may not create users, or not put them into the licence group. Give it the application permissions "
    "User.ReadWrite.All and GroupMember.ReadWrite.All, then press “Grant admin consent”, and go on."
)
NO_GROUP = "There is no group with this id in Microsoft 365. Correct the licence group in Settings, then go on."
_KINDS = GatewayErrorKind


def run(run_id: int) -> None:
    """Go on where whoever began it left off."""
    directory_work.run(run_id, _create, not_allowed=NOT_ALLOWED)


def _create(directory: Directory, attempt: Attempt) -> None:
    if attempt.group_id and not directory.has_group(attempt.group_id):
        raise GatewayError(_KINDS.CONFIGURATION, NO_GROUP)
    while claims := _claim(attempt):
        directory_work.pause(max(claim.seconds for claim in claims))
        refusal = _make(directory, attempt, [claim for claim in claims if claim.object_id is None])
        if refusal is None:
            refusal = _license(directory, attempt, [claim for claim in claims if claim.object_id is not None])
        if refusal is not None:
            raise refusal
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        directory_changes.finish(db, attempt)


def _claim(attempt: Attempt) -> list[Claim]:
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return directory_changes.claim(db, attempt)


def _make(directory: Directory, attempt: Attempt, claims: Sequence[Claim]) -> GatewayError | None:
    """Create those who are not there. Gives what forbids to go on, when what was done is marked.

    Whose answer is lost keeps its claim, and is looked for the next time.
    """
    if not claims:
        return None
    outcomes: dict[int, Outcome] = {}
    missing: list[Claim] = []
    for claim, (by_address, by_code) in zip(claims, directory.find([claim.new for claim in claims]), strict=True):
        known = _known(claim, by_address, by_code)
        if known is None:
            missing.append(claim)
        else:
            outcomes[claim.change_id] = known
    wanted = [(claim.new, claim.password) for claim in missing]
    made = directory.create(wanted, country=attempt.country) if wanted else []
    outcomes |= {claim.change_id: one for claim, said in zip(missing, made, strict=True) if (one := _outcome(said))}
    _mark(attempt, outcomes)
    return _forbidding([said for said in made if isinstance(said, GatewayError)])


def _known(claim: Claim, by_address: User | None, by_code: User | None) -> Outcome | None:
    """Somebody is there: made by us before we died, or by others meanwhile."""
    if by_address is not None:
        theirs = microsoft_accounts.is_theirs(claim.new, by_address)
        return Outcome(by_address.object_id) if theirs else Outcome(reason=NotCreated.ADDRESS_TAKEN)
    if by_code is not None and microsoft_accounts.may_be_theirs(claim.new, by_code):
        return Outcome(reason=NotCreated.THERE_ALREADY)
    return None


def _outcome(said: User | GatewayError) -> Outcome | None:
    if isinstance(said, User):
        return Outcome(said.object_id)
    refused = said.kind is _KINDS.PERMANENT and said.reason != THERE
    return Outcome(reason=NotCreated.REFUSED) if refused else None


def _forbidding(refusals: Sequence[GatewayError]) -> GatewayError | None:
    return next((refusal for refusal in refusals if refusal.kind is _KINDS.CONFIGURATION), None)


def _license(directory: Directory, attempt: Attempt, claims: Sequence[Claim]) -> GatewayError | None:
    """Put those who are there into the group; a user who was made a moment ago may not be known to it yet."""
    ids = [claim.object_id or "" for claim in claims]
    said = directory.join(attempt.group_id, ids) if ids and attempt.group_id else [None] * len(ids)
    pairs = list(zip(claims, said, strict=True))
    _mark(attempt, {claim.change_id: Outcome(claim.object_id, licensed=True) for claim, error in pairs if not error})
    return _forbidding([error for error in said if error is not None])


def _mark(attempt: Attempt, outcomes: dict[int, Outcome]) -> None:
    if outcomes:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            directory_changes.mark(db, attempt, outcomes=outcomes)
