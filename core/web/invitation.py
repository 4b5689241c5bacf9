"""The link of an invitation: open, confirm, choose a password. Opening it changes nothing (R14, R19)."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.delivery import engine
from core.errors import InputProblem, TokenRejected
from core.models import CampaignKind
from core.rules import password_hash
from core.services import activation, notices, open_session
from core.services.activation import Offer
from core.web import cookies, devices, door, forms, hashing, links, pages, people


async def open_link(request: Request) -> Response:
    """Keep the token and go to the page that shows what it is for."""
    return links.kept(request, cookie=cookies.invitation_name(), to="/invitation")


def show(request: Request) -> Response:
    """What the link offers, or why it does not work any more."""
    return _page(request, _offer(request))


async def send(request: Request) -> Response:
    """Store the password the person chose; then on to the sign-in page, never straight in (R15)."""
    fields = await forms.read(request, about=cookies.invitation_name())
    offer = await run_in_threadpool(_offer, request)
    if not offer.is_live or offer.is_microsoft:
        return await run_in_threadpool(_page, request, offer)
    try:
        password = await run_in_threadpool(_chosen, offer, fields)
        made = await hashing.hashed(password_hash.make, password)
        account_id, notice = await hashing.store(_redeem, request, offer, made)
    except InputProblem as problem:
        return await run_in_threadpool(_page, request, offer, problem=str(problem))
    except TokenRejected:
        return await run_in_threadpool(show, request)
    await run_in_threadpool(door.start, notice)
    response = pages.password_saved(offer.username, language=offer.language)
    cookies.drop(response, cookies.invitation_name())
    devices.remember(request, response, account_id=account_id)  # strangers who go on guessing hold up others (R09)
    return response


async def ask_new_link(request: Request) -> Response:
    """Always the same answer, whoever asks with whatever link (R20, R22)."""
    await forms.read(request, about=cookies.invitation_name())
    await door.wait_for_link(request)
    campaign_id = await run_in_threadpool(_ask, request)
    if campaign_id is not None and engine.is_up():
        await run_in_threadpool(engine.start, campaign_id)
    return await run_in_threadpool(pages.render, request, "new_link.html", here="/invitation")


def _chosen(offer: Offer, fields: dict[str, str]) -> str:
    """The password, which is refused before anything is hashed or locked."""
    password = fields.get("password", "")
    activation.check_password(offer, password=password)
    if fields.get("again", password) != password:
        raise InputProblem("The two passwords are not the same. Type it again.", field="again")
    return password


def _redeem(request: Request, offer: Offer, made: str) -> tuple[int, int | None]:
    """Whose password it is now, and the notice of one that was changed, to be started."""
    with database.transaction() as db:
        account = activation.redeem(db, people.unknown(request), token=_token(request), password_hash=made)
        account_id = account.id or 0
        open_session.close_all(db, account_id=account_id)
        if not offer.is_reset:
            return account_id, None
        return account_id, notices.tell(db, kind=CampaignKind.PASSWORD_CHANGED, account_id=account_id)


def _ask(request: Request) -> int | None:
    with database.transaction() as db:
        return activation.ask_new_link(db, people.unknown(request), token=_token(request))


def _offer(request: Request) -> Offer:
    with people.reading(request) as db:
        return activation.look_up(db, people.unknown(request), token=_token(request))


def _token(request: Request) -> str:
    return request.cookies.get(cookies.invitation_name(), "")


def _page(request: Request, offer: Offer, *, problem: str = "") -> Response:
    template, status = "dead_link.html", 410
    if offer.is_live:
        template, status = "microsoft.html" if offer.is_microsoft else "invitation.html", 422 if problem else 200
    return pages.render(
        request,
        template,
        status=status,
        language=offer.language,
        about=_token(request),
        here="/invitation",
        offer=offer,
        problem=problem,
        microsoft=settings().microsoft_is_set_up,
    )


ROUTES = [
    Route("/i/{token:path}", open_link, methods=["GET"]),
    Route("/invitation", show, methods=["GET"]),
    Route("/invitation", send, methods=["POST"]),
    Route("/invitation/new-link", ask_new_link, methods=["POST"]),
]
