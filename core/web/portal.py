"""*My account*: where students and guardians land, and where everybody changes their password."""

from __future__ import annotations

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.errors import InputProblem, NotAllowed, SignInRequired
from core.models import CampaignKind
from core.permissions import Actor
from core.rules import password_hash
from core.services import notices, open_session, password_choice, portal, sessions
from core.tables import candidates
from core.web import cookies, door, forms, hashing, pages, people

Seen = tuple[portal.OwnAccount, list[sessions.Place]]
WRONG_CURRENT = "Your current password is not right, or was tried too often. Wait a minute and type it once more."


def show(request: Request) -> Response:
    """My own data."""
    with people.reading(request) as db:
        actor, due = _holder(db, request)
        seen = _seen(db, actor) if actor and not due else None
    actor = _noted(actor, due=due)
    return _page(request, actor, seen or _looked(request, actor))


async def change_password(request: Request) -> Response:
    """A new password; all other sessions of the account end."""
    actor, fields = await _form(request)
    try:
        await run_in_threadpool(door.start, await hashing.run(_change, request, actor, fields))
    except InputProblem as problem:
        return await run_in_threadpool(_refused, request, actor, str(problem))
    return pages.redirect("/me?saved=password")


async def choose_language(request: Request) -> Response:
    """The language of messages and of these pages."""
    actor, fields = await _form(request)
    chosen = fields.get("language", "")
    await run_in_threadpool(_choose_language, actor, chosen)
    response = pages.redirect("/me?saved=language")
    cookies.put(response, cookies.language_name(), chosen, seconds=365 * 86_400)
    return response


async def end_sessions(request: Request) -> Response:
    """Sign out one other browser, or all others; this one goes by /sign-out."""
    actor, fields = await _form(request)
    await run_in_threadpool(_end_sessions, actor, fields.get("place", ""))
    return pages.redirect("/me?saved=sessions")


def _end_sessions(actor: Actor, place: str) -> None:
    with database.transaction() as db:
        if place == "others":
            sessions.end_others(db, actor)
        else:
            sessions.end_own(db, actor, handle=place)


def _change(request: Request, actor: Actor, fields: dict[str, str]) -> int | None:
    """Looks at everything first; the hashes are made before the transaction begins. Gives a notice to start.

    All three are made whatever was typed, and the present password as the new one is named only to whoever has
    confirmed it: neither time nor words tell a guess that is right from others while guesses are held up (R10, R22).
    """
    wanted = fields.get("password", "")
    with database.reading() as db:
        candidate = candidates.own(db, actor)
        portal.check_new_password(db, actor, password=wanted)
    fits = password_hash.fits(candidate.stored_hash, fields.get("current", ""))
    same, made = password_hash.fits(candidate.stored_hash, wanted), password_hash.make(wanted)
    with database.transaction() as db:
        confirmed, alarm = door.confirm(db, actor, candidate=candidate, fits=fits, carried=request.cookies)
        if confirmed and not same:
            portal.change_password(db, actor, password_hash=made)
            open_session.close_all(db, account_id=actor.account_id or 0, but=actor.session_id)
            return notices.tell(db, kind=CampaignKind.PASSWORD_CHANGED, account_id=actor.account_id or 0)
    door.start(alarm)
    password_choice.refuse_same(confirmed)
    raise InputProblem(WRONG_CURRENT, field="current")


def _choose_language(actor: Actor, language: str) -> None:
    with database.transaction() as db:
        portal.choose_language(db, actor, language=language)


async def _form(request: Request) -> tuple[Actor, dict[str, str]]:
    forms.require_same_origin(request)
    fields = await forms.fields_of(request)
    actor = await run_in_threadpool(_signed_in, request)
    if not open_session.form_token_fits(actor, fields.get("form_token", "")):
        raise NotAllowed(forms.EXPIRED)
    return actor, fields


def _signed_in(request: Request) -> Actor:
    with database.reading() as db:
        actor, due = _holder(db, request)
    return _noted(actor, due=due)


def _holder(db: Session, request: Request) -> tuple[Actor | None, bool]:
    """Who is signed in, and whether it is to be noted that they did something."""
    actor = people.holder(db, request)
    return actor, actor is not None and open_session.is_due_to_note(db, actor=actor)


def _noted(actor: Actor | None, *, due: bool) -> Actor:
    if actor is None:
        raise SignInRequired("Sign in to see your account.")
    if due:
        with database.transaction() as db:
            open_session.note_use(db, actor=actor)
    return actor


def _seen(db: Session, actor: Actor) -> Seen:
    return portal.own(db, actor), sessions.own(db, actor)


def _looked(request: Request, actor: Actor) -> Seen:
    with people.reading(request) as db:
        return _seen(db, actor)


def _refused(request: Request, actor: Actor, problem: str) -> Response:
    return _page(request, actor, _looked(request, actor), problem=problem)


def _page(request: Request, actor: Actor, seen: Seen, *, problem: str = "") -> Response:
    mine, places = seen
    return pages.render(
        request,
        "my_account.html",
        status=422 if problem else 200,
        language=mine.language,
        form_key=open_session.form_token(actor),
        here="/me",
        mine=mine,
        places=places,
        is_staff=actor.is_staff,
        problem=problem,
        saved=request.query_params.get("saved", ""),
    )


ROUTES = [
    Route("/me", show, methods=["GET"]),
    Route("/me/password", change_password, methods=["POST"]),
    Route("/me/sessions", end_sessions, methods=["POST"]),
    Route("/me/language", choose_language, methods=["POST"]),
]
