"""What happens around each try at the sign-in page: waiting, counting, telling (R08-R10, R33)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from core import database, keys
from core.delivery import engine
from core.models import Account, CampaignKind, UserType
from core.permissions import Actor
from core.rules import networks
from core.services import notices, sign_in, throttles
from core.services.sign_in import Opened
from core.tables import candidates, school
from core.tables.candidates import Candidate
from core.web import devices, patience, people


async def wait_turn(request: Request, username: str) -> Candidate:
    """Whom the username names. Under attack an unknown browser waits a little; a known one never does."""
    candidate, seconds = await run_in_threadpool(_coming, request, username)
    await patience.wait(networks.subject(people.address(request)), seconds)
    return candidate


async def wait_for_link(request: Request) -> None:
    """Whoever asks for a link waits where many have asked: a whole school behind one address gets its links, slowly."""
    address = people.address(request)
    await patience.wait(f"links {networks.subject(address)}", await run_in_threadpool(_seconds_of_asking, address))


async def wait_to_set_out(request: Request) -> None:
    """Whoever sets out for Microsoft waits where many have: a flood becomes a trickle, and a school gets through."""
    address = people.address(request)
    await patience.wait(f"out {networks.subject(address)}", await run_in_threadpool(_seconds_to_set_out, address))


def is_trusted(db: Session, request: Request, candidate: Candidate, *, initial: bool = False) -> bool:
    """Whether this browser has signed in to the account before, and behaves.

    `initial`: an initial password was typed, which nobody guesses (80 bits). It is held up by what was tried from its
    own network, not by strangers elsewhere: whoever has a slip in their hand has no browser that is known yet (R09).
    """
    device = devices.known(request.cookies, candidate.account_id)
    return _behaves(db, device or (_stand_in(people.unknown(request), candidate) if initial else ""))


def note(db: Session, request: Request, candidate: Candidate, opened: Opened | None) -> int | None:
    """Count what came of a try, in its transaction; gives the campaign of a notice, to be started after the commit."""
    device = devices.known(request.cookies, candidate.account_id)
    if opened is None:
        return _failed(db, people.unknown(request), candidate, device)
    return entered(db, request, account_id=candidate.account_id or 0, opened=opened)


def confirm(
    db: Session, actor: Actor, *, candidate: Candidate, fits: bool, carried: Mapping[str, str]
) -> tuple[bool, int | None]:
    """Whether somebody who is signed in typed their password; a wrong one counts like one at the door, a right one not.

    A known browser does not feel what others did to its account. Gives the campaign of a notice too.
    """
    device = devices.known(carried, candidate.account_id)
    if not sign_in.confirm(db, actor, candidate=candidate, fits=fits, trusted=_behaves(db, device)):
        return False, _failed(db, actor, candidate, device)
    if device:
        throttles.forgive(db, device=device)
    return True, None


def entered(db: Session, request: Request, *, account_id: int, opened: Opened) -> int | None:
    """Somebody is in, or nearly: a known browser is forgiven its failures, an unknown one is told of."""
    device = devices.known(request.cookies, account_id)
    if device:
        throttles.forgive(db, device=device)
    if device or not opened.token:
        return None
    account = db.get(Account, account_id)
    if account is None or not _is_to_be_told(db, account):
        return None
    return notices.tell(db, kind=CampaignKind.NEW_DEVICE, account_id=account.id or 0)


def start(campaign_id: int | None) -> None:
    """Hand a queued notice to the engine; without an engine in this process it is found by the one that delivers."""
    if campaign_id is not None and engine.is_up():
        engine.start(campaign_id)


def remember(request: Request, response: Response, opened: Opened) -> None:
    """This browser is known from now on."""
    devices.remember(request, response, account_id=opened.actor.account_id or 0)


def _stand_in(by: Actor, candidate: Candidate) -> str:
    """What counts as the device of a browser that is not known: its network, at this account (or at nobody's)."""
    return keys.token("stand-in", f"{candidate.account_id or 0} {networks.subject(by.ip or '')}")


def _behaves(db: Session, device: str) -> bool:
    return bool(device) and throttles.is_trusted(db, device=device)


def _failed(db: Session, by: Actor, candidate: Candidate, device: str) -> int | None:
    attack = throttles.failed(db, by, account_id=candidate.account_id, device=device or _stand_in(by, candidate))
    return notices.alarm(db) if attack else None


def _coming(request: Request, username: str) -> tuple[Candidate, float]:
    with database.reading() as db:
        candidate = candidates.named(db, username=username)
        if is_trusted(db, request, candidate):
            return candidate, 0.0
        return candidate, throttles.slow_down(db, ip=people.address(request)).total_seconds()


def _seconds_of_asking(address: str) -> float:
    with database.transaction() as db:
        return throttles.asked(db, ip=address).total_seconds()


def _seconds_to_set_out(address: str) -> float:
    with database.transaction() as db:
        return throttles.set_out(db, ip=address).total_seconds()


def _is_to_be_told(db: Session, account: Account) -> bool:
    """Not of the very first sign-in; and students, who share computers, only where the school wants it."""
    told = account.user_type != UserType.STUDENT or school.settings(db).tell_students_of_new_devices
    return told and account.sign_ins > 1
