"""Who asked, when a proxy stands in front: X-Forwarded-For counts only from those that we trust (R57)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core.config import settings
from core.rules import networks

SAID = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-client-ip", b"true-client-ip"})


class Proxies:
    """Puts the client's address into the scope, and takes away the headers that speak of it: nobody is to read them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host, port = scope.get("client") or ("", 0)
        forwarded = Headers(scope=scope).getlist("x-forwarded-for")
        known = networks.client(host, forwarded, networks.networks(settings().trusted_proxies))
        kept = [(name, value) for name, value in scope["headers"] if name.lower() not in SAID]
        await self.app({**scope, "client": (known, port), "headers": kept}, receive, send)
