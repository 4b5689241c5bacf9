"""The last net: whatever nobody expected becomes a page with a reference. Inside the headers, so that it has them."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import requests
from core.web import faults, pages


class Faults:
    """Answers 500, or 503 when the database had no time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        requests.begin(faults.redacted(scope.get("path", "")))
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            response = await run_in_threadpool(_answer, Request(scope, receive), error)
            await response(scope, receive, send)


def _answer(request: Request, error: Exception) -> Response:
    where = f"{request.method} {faults.redacted(request.url.path)}"
    reference, busy = faults.log(error, where), faults.is_busy(error)
    status = 503 if busy else 500
    try:
        return pages.render(request, "fault.html", status=status, reference=reference, busy=busy)
    except Exception:  # noqa: BLE001  (without a database there is not even the school's name)
        text = faults.BUSY if busy else faults.SENTENCE % reference
        return PlainTextResponse(text, status, {"cache-control": "no-store"})
