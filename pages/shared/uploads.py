"""A file for a page that another process draws: 403, and nginx hands it on to the next process (deploy/nginx).

Streamlit keeps what is uploaded with the page it is for, and says 400 where it does not know that page. A page whose
process died stays with another one when its own is back; what the page asks for beside its websocket is not.
"""

from __future__ import annotations

import re

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import Runtime

_FILE = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+")


class Uploads:
    """Stands behind the gate: whoever comes here is of the staff."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = _FILE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if file and not Runtime.instance().is_active_session(file[1]):
            await PlainTextResponse("Another process draws this page", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
