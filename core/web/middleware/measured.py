"""Times every answer, by what sort of page it was; slow ones stand in the log (R43: without links and questions)."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import measures
from core.web import faults

SLOW_S = 2.0
AREAS = {
    **dict.fromkeys(("sign-in", "sign-out", "forgotten", "auth", "setup"), "sign-in"),
    **dict.fromkeys(("i", "v", "invitation", "address"), "invitation"),
    **dict.fromkeys(("me", "files", "webhooks", "healthz", "metrics", "assets"), ""),
    **dict.fromkeys(("_stcore", "static", "media", "component"), "machinery"),
}
logger = logging.getLogger(__name__)


class Measured:
    """Of websockets nothing is timed: they last as long as somebody looks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            status = message["status"] if message["type"] == "http.response.start" else status
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            took = time.perf_counter() - started
            measures.REQUESTS.labels(area(scope["path"]), f"{status // 100}xx").observe(took)
            if took >= SLOW_S:
                path = faults.redacted(scope["path"])
                logger.info("slow: %s %s answered %s after %.1f s", scope["method"], path, status, took)


def area(path: str) -> str:
    """A few words, however many addresses somebody makes up."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return AREAS.get(first, "staff") or first
