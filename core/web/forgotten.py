"""*Forgotten password*: one field, one answer for every name; what follows happens in the engine (R20, R22)."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import database
from core.delivery import engine
from core.services import recovery
from core.tables import candidates
from core.web import door, forms, pages, people

HERE = "/forgotten"


def show(request: Request) -> Response:
    """The field; a username that was typed at the sign-in page stands in it."""
    return pages.render(request, "forgotten.html", here=HERE, username=request.query_params.get("username", "")[:100])


async def send(request: Request) -> Response:
    """Always the same page, in the same time, whoever asks for whom."""
    fields = await forms.read(request)
    await door.wait_for_link(request)
    account_id = await run_in_threadpool(_ask, request, fields.get("username", "")[:100])
    if engine.is_up():
        await run_in_threadpool(engine.recover, account_id)
    return await run_in_threadpool(pages.render, request, "forgotten_sent.html", here=HERE)


def _ask(request: Request, username: str) -> int:
    """Whom it is about, or 0."""
    with database.transaction() as db:
        account_id = candidates.named(db, username=username).account_id
        recovery.ask(db, people.unknown(request), account_id=account_id)
    return account_id or 0


ROUTES = [Route(HERE, show, methods=["GET"]), Route(HERE, send, methods=["POST"])]
