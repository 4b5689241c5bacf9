"""Who sends a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session
from starlette.requests import HTTPConnection, Request

from core import database
from core.models import SchoolSettings
from core.permissions import Actor, visitor
from core.services import open_session
from core.tables import school
from core.web import cookies


def address(connection: HTTPConnection) -> str:
    """The network address of the browser, or of the proxy in front."""
    return connection.client.host if connection.client else ""


def unknown(connection: HTTPConnection) -> Actor:
    """Somebody of whom nothing is known but the address."""
    return visitor(address(connection))


@contextmanager
def reading(request: Request) -> Iterator[Session]:
    """A look at the data for this request; the page that answers it is drawn with the settings that were read here."""
    with database.reading() as db:
        yield db
        request.state.school = school.settings(db)


def school_of(request: Request) -> SchoolSettings:
    """The settings with which this request is answered, read once."""
    if not hasattr(request.state, "school"):
        with reading(request):
            pass
    settings: SchoolSettings = request.state.school
    return settings


def signed_in(connection: HTTPConnection) -> Actor | None:
    """Who holds the session of this browser now, read from the database each time."""
    if not connection.cookies.get(cookies.session_name()):
        return None
    with database.reading() as db:
        return holder(db, connection)


def holder(db: Session, connection: HTTPConnection) -> Actor | None:
    """The same, in a look at the data that goes on."""
    token = connection.cookies.get(cookies.session_name())
    return open_session.actor_of(db, token=token, ip=address(connection))
