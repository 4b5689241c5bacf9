"""What happens first to every link from a message: its token goes into a cookie and out of the address (R19)."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from core.web import cookies, pages

COOKIE_SECONDS = 3600
_NOT_OF_A_TOKEN = re.compile(r"[^0-9A-Za-z]")


def kept(request: Request, *, cookie: str, to: str) -> Response:
    """Put the token into a short-lived cookie and go to a clean address, so that it stays in no history.

    What a mail program or a hurried copy leaves behind a link (a full stop, a bracket) is not part of it.
    """
    token = _NOT_OF_A_TOKEN.sub("", request.path_params["token"][:200])[:64]
    response = pages.redirect(to)
    response.headers["referrer-policy"] = "no-referrer"
    cookies.put(response, cookie, token or "none", seconds=COOKIE_SECONDS)
    return response
