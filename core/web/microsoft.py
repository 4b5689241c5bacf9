"""Signing in with Microsoft: there and back. Only our own pages begin it, and each way back counts once."""

from __future__ import annotations

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.errors import SettingsError
from core.gateways import choose, microsoft_addresses
from core.rules.microsoft_identity import Hindered, Hindrance, Identity
from core.services import microsoft_flows, microsoft_sign_in, open_session, sign_in, sign_in_steps
from core.services.microsoft_flows import Begun
from core.services.microsoft_sign_in import Arrival
from core.web import cookies, door, forms, pages, people
from core.web import sign_in as sign_in_pages

INVITATION = "invitation"
SECONDS = int(microsoft_flows.LIVES.total_seconds())


async def start(request: Request) -> Response:
    """Off to Microsoft; whoever comes by a link of another site begins at our own sign-in page."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return pages.redirect("/sign-in")
    await door.wait_to_set_out(request)
    return await run_in_threadpool(_start, request)


async def come_back(request: Request) -> Response:
    """Microsoft's answer: a session, or a page that says what to do."""
    return await run_in_threadpool(_come_back, request)


def _start(request: Request) -> Response:
    try:
        flow = choose.microsoft_identity().begin(login_hint=request.query_params.get("username", "")[:100])
    except SettingsError:
        return _trouble(request, Hindrance.SETTINGS)
    except Hindered as hindered:
        return _trouble(request, hindered.hindrance)
    target = forms.local_path(request.query_params.get("next", "/"))
    begun = Begun(flow, target, request.query_params.get("for") == INVITATION)
    with database.transaction() as db:
        reference = microsoft_flows.keep(db, begun=begun)
    response = RedirectResponse(flow["auth_uri"], 303, headers={"cache-control": "no-store"})
    cookies.put(response, cookies.flow_name(), reference, seconds=SECONDS)
    return response


def _come_back(request: Request) -> Response:
    reference = request.cookies.get(cookies.flow_name(), "")
    with database.transaction() as db:
        begun = microsoft_flows.take(db, reference=reference)
    if begun is None:
        return _trouble(request, Hindrance.EXPIRED)
    try:
        identity = choose.microsoft_identity().finish(begun.flow, dict(request.query_params))
    except SettingsError:
        return _trouble(request, Hindrance.SETTINGS, begun)
    except Hindered as hindered:
        return _trouble(request, hindered.hindrance, begun)
    return _enter(request, begun, identity)


def _enter(request: Request, begun: Begun, identity: Identity) -> Response:
    """The session, and the end of whatever brought them here."""
    token = request.cookies.get(cookies.invitation_name(), "") if begun.by_invitation else ""
    visitor, before = people.unknown(request), people.signed_in(request)
    with database.transaction() as db:
        arrival = microsoft_sign_in.arrive(db, visitor, identity=identity, token=token)
        opened = _open(db, request, arrival, identity) if arrival.account else None
        if opened and opened.token and before:
            open_session.close(db, before)
        notice = door.entered(db, request, account_id=opened.actor.account_id or 0, opened=opened) if opened else None
        step = sign_in_steps.begin(db, opened.actor, target=begun.next_path) if opened and opened.needs_code else ""
    door.start(notice)
    if step:
        return sign_in_pages.ask_for_code(step)
    if opened is None or not opened.token:
        why = arrival.hindrance or Hindrance.NO_ROLE
        return _trouble(request, why, begun, came_as=identity.username, expected=arrival.expected)
    response = pages.redirect(begun.next_path if opened.actor.is_staff else "/me")
    cookies.put(response, cookies.session_name(), opened.token)
    door.remember(request, response, opened)
    cookies.drop(response, cookies.flow_name())
    if token:
        cookies.drop(response, cookies.invitation_name())
    return response


def _open(db: Session, request: Request, arrival: Arrival, identity: Identity) -> sign_in.Opened:
    agent = request.headers.get("user-agent", "")
    assert arrival.account is not None  # noqa: S101  (asked by the caller)
    return sign_in.open_vouched(
        db,
        people.unknown(request),
        account=arrival.account,
        has_second_factor=identity.has_second_factor,
        user_agent=agent,
    )


def _trouble(
    request: Request, why: Hindrance, begun: Begun | None = None, *, came_as: str = "", expected: str = ""
) -> Response:
    """What stood in the way, and what to do now."""
    status = {Hindrance.DOWN: 503, Hindrance.SETTINGS: 409}.get(why, 403)
    by_invitation = bool(begun and begun.by_invitation)
    again = "/auth/start?for=invitation" if by_invitation else "/auth/start"
    response = pages.render(
        request,
        "microsoft_trouble.html",
        status=status,
        here="/sign-in",
        why=why.value,
        again=again,
        came_as=came_as,
        expected=expected,
        sign_out=microsoft_addresses.sign_out() if settings().microsoft_is_set_up else "",
    )
    cookies.drop(response, cookies.flow_name())
    return response


ROUTES = [
    Route("/auth/start", start, methods=["GET"]),
    Route("/auth/callback", come_back, methods=["GET"]),
]
