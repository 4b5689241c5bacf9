"""The link that asks whether a new address is the person's. Opening it changes nothing; the button does (R14, R19)."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.services import address_confirmation
from core.services.address_confirmation import Question
from core.web import cookies, forms, links, pages, people


async def open_link(request: Request) -> Response:
    """Keep the token and go to the page that shows what it is for."""
    return links.kept(request, cookie=cookies.address_name(), to="/address")


def show(request: Request) -> Response:
    """The question, or why it is no longer asked."""
    question = _question(request)
    return _page(request, question, "confirm_address.html" if question.is_live else "dead_question.html")


async def send(request: Request) -> Response:
    """Store the answer; then say so, once."""
    await forms.read(request, about=cookies.address_name())
    question = await run_in_threadpool(_question, request)
    done = await run_in_threadpool(_confirm, request)
    template = "address_confirmed.html" if done else "dead_question.html"
    response: Response = await run_in_threadpool(_page, request, question, template)
    cookies.drop(response, cookies.address_name())
    return response


def _question(request: Request) -> Question:
    with database.reading() as db:
        return address_confirmation.look_up(db, token=_token(request))


def _confirm(request: Request) -> bool:
    with database.transaction() as db:
        return address_confirmation.confirm(db, people.unknown(request), token=_token(request))


def _token(request: Request) -> str:
    return request.cookies.get(cookies.address_name(), "")


def _page(request: Request, question: Question, template: str) -> Response:
    status = 410 if template == "dead_question.html" else 200
    return pages.render(
        request,
        template,
        status=status,
        language=question.language,
        about=_token(request),
        here="/address",
        question=question,
    )


ROUTES = [
    Route("/v/{token:path}", open_link, methods=["GET"]),
    Route("/address", show, methods=["GET"]),
    Route("/address", send, methods=["POST"]),
]
