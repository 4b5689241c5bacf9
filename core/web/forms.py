"""Forms that only our own pages can send: Origin or Sec-Fetch-Site, and a token (R40)."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl

from starlette.requests import Request

from core import keys
from core.config import settings
from core.errors import InputProblem, NotAllowed
from core.web import cookies

_PURPOSE = "visitor form"
MOST_BYTES, MOST_FIELDS = 16_384, 30
TOO_MUCH = "That is more than this form can take. Go back, shorten it and send it again."
EXPIRED = "This form has expired. Go back, reload the page and send it again."
OVERTAKEN = (
    "This page is too old, or another link was opened in this browser after it. Nothing was changed. "
    "Open the link of your message once more, or sign in again."
)


def new_cookie() -> str:
    """The value that ties the forms of somebody who is not signed in to their browser."""
    return secrets.token_urlsafe(18)


def token(cookie: str, about: str = "") -> str:
    """What such a form carries; nobody without the key can make it from a cookie of their own choice.

    `about` is the link or the ticket of whom the form is: two of a family may be open in one browser, which keeps the
    later one, and the form of the first is no form of the second.
    """
    return keys.token(_PURPOSE, _tied(cookie, about))


async def read(request: Request, *, about: str = "") -> dict[str, str]:
    """The fields of a form from our own page in this browser; anything else is refused.

    `about` names the cookie of a link or ticket: the form may have been drawn for that one, and for no other.
    The answer is in the language of the form where it carries one, a refusal too.
    """
    require_same_origin(request)
    fields = await fields_of(request)
    request.state.reads = fields.get("reads", "")
    cookie, link = request.cookies.get(cookies.form_name(), ""), request.cookies.get(about, "") if about else ""
    if not cookie or not keys.made(_PURPOSE, _tied(cookie, link), fields.get("form_token", "")):
        raise NotAllowed(OVERTAKEN if about else EXPIRED)
    return fields


def _tied(cookie: str, about: str) -> str:
    return f"{cookie} {about}" if about else cookie


async def fields_of(request: Request) -> dict[str, str]:
    """The text fields of a form; nobody here sends files or novels, so reading stops where a flood begins."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise InputProblem(TOO_MUCH)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:  # too many fields, or bytes that are no text
        raise InputProblem(TOO_MUCH) from error


def require_same_origin(request: Request) -> None:
    """Refuse what another site made the browser send. The browser writes both headers, no page can."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if (site is not None and site != "same-origin") or (origin is not None and origin != settings().base_url):
        raise NotAllowed(EXPIRED)
    if site is None and origin is None:
        raise NotAllowed(EXPIRED)


def local_path(target: str) -> str:
    """Where to go after signing in: only a path of this address, never another site."""
    fine = (
        target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and "\\" not in target
    )
    return target if fine and len(target) < 500 else "/"
