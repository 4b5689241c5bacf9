"""The one sign-in page, and signing out."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.errors import NotAllowed
from core.permissions import Actor
from core.rules import password_hash
from core.services import sign_in
from core.web import cookies, forms, pages, people

WRONG = "The username or the password is not right. Check both, or ask your school's office."


def show(request: Request) -> Response:
    """The form; somebody who is signed in already goes on."""
    actor = people.signed_in(request)
    target = forms.local_path(request.query_params.get("next", "/"))
    if actor:
        return pages.redirect(target if actor.is_staff else "/me")
    username = request.query_params.get("username", "")[:100]
    return pages.render(request, "sign_in.html", username=username, next=target, problem="")


async def send(request: Request) -> Response:
    """Check and begin a session; the answer to everything wrong is the same sentence (R22)."""
    fields = await forms.read(request)
    username, target = fields.get("username", ""), forms.local_path(fields.get("next", "/"))
    try:
        opened = await run_in_threadpool(_open, request, username, fields.get("password", ""))
    except NotAllowed as refusal:
        return pages.render(request, "sign_in.html", status=403, username=username, next=target, problem=str(refusal))
    if opened is None:
        return pages.render(request, "sign_in.html", status=403, username=username, next=target, problem=WRONG)
    response = pages.redirect(target if opened.actor.is_staff else "/me")
    cookies.put(response, cookies.session_name(), opened.token)
    return response


async def sign_out(request: Request) -> Response:
    """End the session on the server and in the browser (R38)."""
    forms.require_same_origin(request)
    fields = await forms.fields_of(request)
    actor = people.signed_in(request)
    if actor:
        if not sign_in.form_token_fits(actor, fields.get("form_token", "")):
            raise NotAllowed(forms.EXPIRED)
        await run_in_threadpool(_close, actor)
    response = pages.redirect("/sign-in")
    response.headers["clear-site-data"] = '"cache", "storage"'
    cookies.drop(response, cookies.session_name())
    return response


def _open(request: Request, username: str, password: str) -> sign_in.Opened | None:
    with database.reading() as db:
        candidate = sign_in.candidate(db, username=username)
    fits = password_hash.fits(candidate.stored_hash, password)
    agent = request.headers.get("user-agent", "")
    with database.transaction() as db:
        return sign_in.open(db, people.unknown(request), candidate=candidate, fits=fits, user_agent=agent)


def _close(actor: Actor) -> None:
    with database.transaction() as db:
        sign_in.close(db, actor)


ROUTES = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", send, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]
