"""The allow-list in front of everything (DESIGN §8): without a staff session nobody reaches Streamlit.

It also tells Streamlit who connects, in a header that only this gate may set: with it a session id that leaked is
worth nothing to anybody else (R42).
"""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.config import settings
from core.permissions import Actor
from core.web import cookies, people

IDENTITY = b"x-app-identity"
PUBLIC = re.compile(
    r"/(sign-in|sign-in/new-password|sign-in/code|sign-in/recovery-code|sign-in/app|sign-out|forgotten|setup/[^/]+|i/.*"
    r"|invitation|invitation/new-link|v/.*|address|auth/start|auth/callback|webhooks/twilio(/incoming)?|healthz|metrics|assets/.+)"
)
OWN_SESSION = re.compile(
    r"/(me|me/password|me/language|me/sessions|me/second-factor|me/second-factor/app|me/second-factor/codes)"
)
ANY_SESSION = re.compile(r"/files/.+")
NEVER = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check", "/_stcore/bidi-components")
MACHINERY = ("/_stcore", "/media", "/static", "/component", "/files")
SOCKET = "/_stcore/stream"
SOCKETS_AT_MOST = 20  # of one session (R48): so many tabs has nobody, and each costs memory


class Gate:
    """Lets a request through, or says as little as possible."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._sockets: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        actor = None
        if not _is_open(scope):
            actor = await run_in_threadpool(people.signed_in, HTTPConnection(scope))
            refusal = _refusal(scope, actor)
            if refusal is not None:
                await _refuse(refusal, scope, receive, send)
                return
        kept = [(name, value) for name, value in scope["headers"] if name.lower() != IDENTITY]
        if actor is not None:  # the id of the session's row, never its token
            kept.append((IDENTITY, (actor.session_id or "").encode()))
        passed = {**scope, "headers": kept}
        if scope["type"] == "websocket" and actor is not None:
            await self._through(actor.session_id or "", passed, receive, send)
        else:
            await self.app(passed, receive, send)

    async def _through(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A websocket, unless its session holds too many open already."""
        if self._sockets[session] >= SOCKETS_AT_MOST:
            await _refuse(_nothing(), scope, receive, send)
            return
        self._sockets[session] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._sockets[session] -= 1
            self._sockets += Counter()  # forget those at nought


def _is_open(scope: Scope) -> bool:
    """Whether the address is for everybody, or asks for a session by itself."""
    path, is_page = scope["path"], scope["type"] == "http"
    return is_page and bool(PUBLIC.fullmatch(path) or OWN_SESSION.fullmatch(path))


def _refusal(scope: Scope, actor: Actor | None) -> Response | None:
    path = scope["path"]
    if path.startswith(NEVER):
        return _nothing()
    if scope["type"] == "websocket":
        ours = path == SOCKET and Headers(scope=scope).getlist("origin") == [settings().base_url]
        return None if ours and actor and actor.is_staff else _nothing()
    if actor and (actor.is_staff or ANY_SESSION.fullmatch(path)):
        return None
    if scope["method"] in ("GET", "HEAD") and not path.startswith(MACHINERY):
        return RedirectResponse("/me" if actor else f"/sign-in?next={quote(_wanted(scope))}", 303)
    had_session = cookies.session_name() in HTTPConnection(scope).cookies
    return PlainTextResponse("Sign in again.", 401) if path.startswith("/_stcore/") and had_session else _nothing()


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    response.headers["cache-control"] = "no-store"
    await response(scope, receive, send)


def _nothing() -> Response:
    return PlainTextResponse("Not found", 404)


def _wanted(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")
