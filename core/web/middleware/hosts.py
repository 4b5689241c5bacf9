"""Only our own name is answered (R18, R46): a forged Host gets nothing, a loopback name is sent on."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.config import settings

NEAR = ("/healthz", "/metrics")  # asked by machines that know no name of ours
LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


class Hosts:
    """Refuses requests for other hosts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = " and ".join(Headers(scope=scope).getlist("host")).lower()  # two are nobody's
        ours = urlsplit(settings().base_url).netloc.lower()
        near = LOOPBACK.fullmatch(host) is not None
        if host == ours or (near and scope["path"] in NEAR):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif near and scope["method"] in ("GET", "HEAD"):
            moved = RedirectResponse(settings().base_url + _path(scope), 308, headers={"cache-control": "no-store"})
            await moved(scope, receive, send)
        else:
            await PlainTextResponse("This address is not served here.", 421)(scope, receive, send)


def _path(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")
