"""The one sign-in page, and signing out."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.errors import NotAllowed
from core.gateways import microsoft_addresses
from core.models import Account, SignInMethod
from core.rules import password_hash
from core.services import open_session, password_choice, sign_in, sign_in_steps
from core.tables.candidates import Candidate
from core.web import cookies, door, forms, hashing, pages, patience, people

WRONG = (
    "The username or the password is not right, or was tried too often. Check both and wait a minute, "
    "or ask your school's office."
)
NO_ROLE = "Your account has no role in this school year. Ask your school's office to give it one."


@dataclass(frozen=True)
class _Tried:
    """Whom a username names, and what the typed password is of theirs."""

    candidate: Candidate
    initial: bool
    fits: bool
    renewed_hash: str = field(repr=False)


def show(request: Request) -> Response:
    """The form; somebody who is signed in already goes on."""
    saved = request.query_params.get("saved") == "password"
    actor = None if saved else people.signed_in(request)  # of a family, one may be signed in and another begin
    target = forms.local_path(request.query_params.get("next", "/"))
    if actor:
        return pages.redirect(target if actor.is_staff else "/me")
    reads = request.query_params.get("reads", "")
    return _page(request, request.query_params.get("username", "")[:100], target, reads=reads)


async def send(request: Request) -> Response:
    """Check and begin a session; the answer to everything wrong is the same sentence, in even steps of time (R22)."""
    fields = await forms.read(request)
    began = anyio.current_time()  # of what we do: how slowly a form comes is the sender's choice
    username, target = fields.get("username", "")[:100], forms.local_path(fields.get("next", "/"))
    candidate = await door.wait_turn(request, username)
    tried = await _tried(candidate, fields.get("password", ""))
    opened, step, notice = await hashing.store(_open, request, tried, target)
    await run_in_threadpool(door.start, notice)
    if step:
        return ask_for_code(step)
    onward = go_on(request, opened, target) if opened else None
    if onward is not None:
        return onward
    reads = fields.get("reads", "")
    refused = await run_in_threadpool(_page, request, username, target, NO_ROLE if opened else WRONG, reads)
    await patience.even_out(began)  # a failure at a name that exists is written to its account, which takes longer
    return refused


def go_on(request: Request, opened: sign_in.Opened, target: str) -> Response | None:
    """In with the cookie of a session, or to the page of a new password; None for whoever has no role."""
    if opened.chooses is not None:
        return _choose_first(opened.chooses, opened.invitation_id)
    if not opened.token:
        return None
    response = pages.redirect(target if opened.actor.is_staff else "/me")
    cookies.put(response, cookies.session_name(), opened.token)
    door.remember(request, response, opened)
    return response


async def sign_out(request: Request) -> Response:
    """End the session on the server and in the browser (R38)."""
    forms.require_same_origin(request)
    fields = await forms.fields_of(request)
    of_microsoft = await run_in_threadpool(_close, request, fields.get("form_token", ""))
    response = pages.redirect("/sign-in?out=microsoft" if of_microsoft else "/sign-in")
    response.headers["clear-site-data"] = '"cache", "storage"'
    cookies.drop(response, cookies.session_name())
    cookies.drop(response, cookies.step_name())
    return response


def _choose_first(account: Account, invitation_id: int) -> Response:
    """On to the page on which they choose a password; nothing else is open to them."""
    response = pages.redirect("/sign-in/new-password")
    ticket = password_choice.ticket(account, invitation_id=invitation_id)
    cookies.put(response, cookies.choice_name(), ticket, seconds=int(password_choice.TICKET_LIVES.total_seconds()))
    return response


def ask_for_code(step: str) -> Response:
    """On to the second factor; until it is shown there is no session."""
    response = pages.redirect("/sign-in/code")
    cookies.put(response, cookies.step_name(), step, seconds=int(sign_in_steps.LIVES.total_seconds()))
    return response


async def _tried(candidate: Candidate, password: str) -> _Tried:
    """The hash is the slow part, so it is made before the transaction begins.

    An initial password needs none: whoever knows one is told so by what follows.
    """
    initial = candidate.knows_initial(password)
    fits = not initial and await hashing.hashed(password_hash.fits, candidate.stored_hash, password)
    outdated = fits and password_hash.is_outdated(candidate.stored_hash)
    renewed = await hashing.hashed(password_hash.make, password) if outdated else ""
    return _Tried(candidate, initial, fits, renewed)


def _open(request: Request, tried: _Tried, target: str) -> tuple[sign_in.Opened | None, str, int | None]:
    """Gives the token of the next step and the campaign of a notice too."""
    agent, before = request.headers.get("user-agent", ""), people.signed_in(request)
    with database.transaction() as db:
        opened = sign_in.open(
            db,
            people.unknown(request),
            candidate=tried.candidate,
            fits=tried.fits,
            fits_initial=tried.initial,
            renewed_hash=tried.renewed_hash,
            user_agent=agent,
            trusted=door.is_trusted(db, request, tried.candidate, initial=tried.initial),
        )
        notice = door.note(db, request, tried.candidate, opened)
        if opened and opened.token and before:
            open_session.close(db, before)
        step = sign_in_steps.begin(db, opened.actor, target=target) if opened and opened.needs_code else ""
    return opened, step, notice


def _close(request: Request, form_token: str) -> bool:
    """Whether it was an account of Microsoft's: there they are still signed in."""
    actor = people.signed_in(request)
    if actor is None:
        return False
    if not open_session.form_token_fits(actor, form_token):
        raise NotAllowed(forms.EXPIRED)
    with database.transaction() as db:
        open_session.close(db, actor)
        account = db.get(Account, actor.account_id)
        return account is not None and account.sign_in_method == SignInMethod.MICROSOFT


def _page(request: Request, username: str, target: str, problem: str = "", reads: str = "") -> Response:
    status = 403 if problem else 200
    saved = request.query_params.get("saved", "")
    kept = {"next": target, "saved": saved, "reads": reads}  # no username: a password may have been typed there
    here = f"/sign-in?{urlencode(kept)}" if problem else ""
    out = request.query_params.get("out") == "microsoft" and settings().microsoft_is_set_up
    return pages.render(
        request,
        "sign_in.html",
        status=status,
        here=here,
        language=reads,
        reads=reads,
        username=username,
        next=target,
        problem=problem,
        saved=saved,
        microsoft=settings().microsoft_is_set_up,
        microsoft_sign_out=microsoft_addresses.sign_out() if out else "",
    )


ROUTES = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", send, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]
