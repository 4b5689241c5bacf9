"""Who sends a request."""

from __future__ import annotations

from sqlmodel import Session
from starlette.requests import HTTPConnection

from core import database
from core.permissions import Actor, visitor
from core.services import sign_in
from core.web import cookies


def address(connection: HTTPConnection) -> str:
    """The network address of the browser, or of the proxy in front."""
    return connection.client.host if connection.client else ""


def unknown(connection: HTTPConnection) -> Actor:
    """Somebody of whom nothing is known but the address."""
    return visitor(address(connection))


def signed_in(connection: HTTPConnection) -> Actor | None:
    """Who holds the session of this browser now, read from the database each time."""
    if not connection.cookies.get(cookies.session_name()):
        return None
    with database.reading() as db:
        return holder(db, connection)


def holder(db: Session, connection: HTTPConnection) -> Actor | None:
    """The same, in a look at the data that goes on."""
    token = connection.cookies.get(cookies.session_name())
    return sign_in.actor_of(db, token=token, ip=address(connection))
