"""Choosing a password that one has to choose: after an initial password, or when staff asked for a new one."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.errors import InputProblem, TokenRejected
from core.models import CampaignKind
from core.rules import password_hash
from core.services import notices, open_session, password_choice
from core.services.password_choice import Chooser
from core.web import cookies, devices, door, forms, hashing, pages, people

HERE = "/sign-in/new-password"


def show(request: Request) -> Response:
    """The form; whoever has proved nothing, or took too long, begins at the sign-in page."""
    chooser = _chooser(request)
    return _page(request, chooser) if chooser else _begin_again()


async def send(request: Request) -> Response:
    """Store the password the person chose; then on to the sign-in page, never straight in (R15)."""
    if not _ticket(request):
        return _begin_again()
    fields = await forms.read(request, about=cookies.choice_name())
    chooser = await run_in_threadpool(_chooser, request)
    if chooser is None:
        return _begin_again()
    try:
        password = await run_in_threadpool(_chosen, chooser, fields)
        made = await hashing.hashed(_hashed, chooser, password)
        notice = await hashing.store(_store, request, chooser, made)
    except InputProblem as problem:
        return await run_in_threadpool(_page, request, chooser, problem=str(problem))
    except TokenRejected:
        return _begin_again()
    await run_in_threadpool(door.start, notice)
    response = pages.password_saved(chooser.username, language=chooser.language)
    cookies.drop(response, cookies.choice_name())
    devices.remember(request, response, account_id=chooser.account_id)  # as after a link (R09)
    return response


def _chosen(chooser: Chooser, fields: dict[str, str]) -> str:
    """The password, which is refused before anything is hashed or locked."""
    password = fields.get("password", "")
    with database.reading() as db:
        password_choice.check_password(db, chooser, password=password)
    if fields.get("again", password) != password:
        raise InputProblem("The two passwords are not the same. Type it again.", field="again")
    return password


def _hashed(chooser: Chooser, password: str) -> str:
    """Its hash; the password that has to be changed is refused."""
    if chooser.stored_hash:
        password_choice.refuse_same(password_hash.fits(chooser.stored_hash, password))
    return password_hash.make(password)


def _store(request: Request, chooser: Chooser, made: str) -> int | None:
    """Gives a notice to start."""
    with database.transaction() as db:
        account = password_choice.store(db, people.unknown(request), ticket=_ticket(request), password_hash=made)
        open_session.close_all(db, account_id=account.id or 0)
        if not chooser.stored_hash:
            return None
        return notices.tell(db, kind=CampaignKind.PASSWORD_CHANGED, account_id=account.id or 0)


def _chooser(request: Request) -> Chooser | None:
    with people.reading(request) as db:
        return password_choice.look_up(db, ticket=_ticket(request))


def _ticket(request: Request) -> str:
    return request.cookies.get(cookies.choice_name(), "")


def _begin_again() -> Response:
    response = pages.redirect("/sign-in")
    cookies.drop(response, cookies.choice_name())
    return response


def _page(request: Request, chooser: Chooser, *, problem: str = "") -> Response:
    return pages.render(
        request,
        "choose_password.html",
        status=422 if problem else 200,
        language=chooser.language,
        about=_ticket(request),
        here=HERE,
        chooser=chooser,
        problem=problem,
    )


ROUTES = [
    Route(HERE, show, methods=["GET"]),
    Route(HERE, send, methods=["POST"]),
]
