"""One's own second factor: how it stands, another phone, new recovery codes."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.delivery import engine
from core.errors import NotAllowed, SignInRequired
from core.permissions import Actor
from core.services import open_session, portal, second_factor, sign_in_steps
from core.tables import second_factor as factors
from core.web import cookies, forms, hashing, pages, people, proof
from core.web.second_factor import APP, MINE, codes_page, new_codes


def show(request: Request) -> Response:
    """How it stands; looking changes nothing."""
    return _page(request, _member_of_staff(request))


async def another_app(request: Request) -> Response:
    """On to the page of the QR code; the app of now works until the new one has shown its code."""
    actor = await _proved(request)
    if actor is None:
        return await run_in_threadpool(_page, request, _member_of_staff(request), proof.WRONG)
    token = await run_in_threadpool(_begin_again, actor)
    response = pages.redirect(APP)
    cookies.put(response, cookies.step_name(), token, seconds=int(sign_in_steps.LIVES.total_seconds()))
    return response


async def renew_codes(request: Request) -> Response:
    """Ten new recovery codes, shown once."""
    actor = await _proved(request)
    if actor is None:
        return await run_in_threadpool(_page, request, _member_of_staff(request), proof.WRONG)
    codes, notice = await hashing.run(_renew, actor)
    if notice is not None:
        await run_in_threadpool(engine.start, notice)
    return await run_in_threadpool(codes_page, request, codes, MINE, "")


def _begin_again(actor: Actor) -> str:
    with database.transaction() as db:
        return second_factor.begin_again(db, actor)


def _renew(actor: Actor) -> tuple[tuple[str, ...], int | None]:
    codes, hashes = new_codes()
    with database.transaction() as db:
        second_factor.renew_codes(db, actor, codes=hashes)
        return codes, second_factor.tell(db, actor, account_id=actor.account_id or 0)


async def _proved(request: Request) -> Actor | None:
    """Whoever sent the form, after they showed anew who they are where that is due; None when they did not."""
    forms.require_same_origin(request)
    fields = await forms.fields_of(request)
    actor = await run_in_threadpool(_member_of_staff, request)
    if not open_session.form_token_fits(actor, fields.get("form_token", "")):
        raise NotAllowed(forms.EXPIRED)
    if actor.is_fresh:
        return actor
    right = await hashing.run(_give, request, actor, fields.get("proof", ""))
    return await run_in_threadpool(_member_of_staff, request) if right else None


def _give(request: Request, actor: Actor, typed: str) -> bool:
    return proof.given(actor, typed, carried=request.cookies)


def _member_of_staff(request: Request) -> Actor:
    actor = people.signed_in(request)
    if actor is None:
        raise SignInRequired("Sign in to see your account.")
    if not actor.is_staff:
        raise NotAllowed("The authenticator app is for members of staff.")
    return actor


def _page(request: Request, actor: Actor, problem: str = "") -> Response:
    with people.reading(request) as db:
        standing, mine = factors.standing(db, actor), portal.own(db, actor)
    return pages.render(
        request,
        "my_second_factor.html",
        status=403 if problem else 200,
        language=mine.language,
        form_key=open_session.form_token(actor),
        here=MINE,
        standing=standing,
        nothing_to_type=not actor.is_fresh and not proof.has_any(actor),
        fresh=actor.is_fresh,
        problem=problem,
    )


ROUTES = [
    Route(MINE, show, methods=["GET"]),
    Route(f"{MINE}/app", another_app, methods=["POST"]),
    Route(f"{MINE}/codes", renew_codes, methods=["POST"]),
]
