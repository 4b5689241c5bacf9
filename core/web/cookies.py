"""The names and properties of our cookies. With https they carry the __Host- prefix (RFC 6265bis §4.1.3)."""

from __future__ import annotations

from starlette.responses import Response

from core.config import settings


def session_name() -> str:
    """The cookie that holds the reference of a sign-in."""
    return _name("sid")


def invitation_name() -> str:
    """The cookie that holds a link token between opening the link and choosing a password."""
    return _name("inv")


def address_name() -> str:
    """The cookie that holds the token of a question about an address, between opening and answering it."""
    return _name("adr")


def choice_name() -> str:
    """The cookie that holds the ticket between signing in and choosing a password that one has to choose."""
    return _name("choice")


def flow_name() -> str:
    """The cookie that holds the reference of a sign-in with Microsoft, until the browser comes back from there."""
    return _name("flow")


def device_name() -> str:
    """The cookie that says which accounts signed in on this browser before."""
    return _name("dev")


def step_name() -> str:
    """The cookie that holds the token between the right password and the second factor."""
    return _name("step")


def form_name() -> str:
    """The cookie that ties forms to the browser of somebody who has not signed in."""
    return _name("form")


def language_name() -> str:
    """The language chosen on this browser."""
    return "lang"


def put(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set a cookie that no script can read and no other site can send along with a form."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=settings().is_https, httponly=True, samesite="lax"
    )


def drop(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=settings().is_https, httponly=True, samesite="lax")


def _name(name: str) -> str:
    return f"__Host-{name}" if settings().is_https else name
