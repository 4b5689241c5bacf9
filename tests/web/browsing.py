"""Somebody with a browser in front of our own pages: keeps cookies, sends the forms it was shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

from httpx import Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import database
from core.config import settings
from core.models import Account
from core.rules import password_hash
from core.services import invitations
from core.web import cookies, routes
from core.web.middleware.faults import Faults
from core.web.middleware.gate import Gate
from core.web.middleware.headers import SecurityHeaders
from core.web.middleware.hosts import Hosts
from core.web.middleware.proxies import Proxies

PASSWORD = "violet kettle over the harbour"
HASH = password_hash.make(PASSWORD)
MIDDLEWARE = [Middleware(kind) for kind in (Proxies, SecurityHeaders, Faults, Hosts, Gate)]


class Browser:
    """One person's browser; redirects are followed only when asked."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.page = ""

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self.client.cookies)

    def carry(self, name: str, value: str) -> None:
        """Come with a cookie that somebody put there."""
        self.client.cookies.set(name, value, domain="localhost.local")

    def open(self, path: str, *, method: str = "GET", **headers: str) -> Response:
        return self._kept(self.client.request(method, path, headers=headers))

    def send(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Response:
        """Post a form with the token of the page shown last, as a browser would."""
        form = {"form_token": self.form_token} | (fields or {})
        sent = {"Origin": settings().base_url, "Sec-Fetch-Site": "same-origin"} | headers
        return self._kept(self.client.post(path, data=form, headers=sent))

    def form_of(self, link: str) -> str:
        """Open a link of a message and the page that it leads to; gives the token of the form there."""
        self.open(self.open(link).headers["location"])
        return self.form_token

    def sign_in(self, username: str, password: str = PASSWORD, *, path: str = "/sign-in") -> Response:
        self.open(path)
        target = self.hidden("next") or "/"
        return self.send("/sign-in", {"username": username, "password": password, "next": target})

    @property
    def form_token(self) -> str:
        return self.hidden("form_token")

    def hidden(self, name: str) -> str:
        return self.found(f'name="{name}" value="')

    def found(self, before: str) -> str:
        """What stands in the page after this, to the end of the attribute; nothing where it does not."""
        found = re.search(rf'{before}([^"]*)"', self.page)
        return unescape(found[1]) if found else ""

    def _kept(self, response: Response) -> Response:
        if "text/html" in response.headers.get("content-type", ""):
            self.page = response.text
        return response


@contextmanager
def browser(*, address: str = "testclient", **headers: str) -> Iterator[Browser]:
    """A browser in front of our routes and our middleware, without Streamlit behind them."""
    site = Starlette(routes=routes.ROUTES, middleware=MIDDLEWARE, exception_handlers=routes.HANDLERS)
    came_from = (address, 50_000)
    with TestClient(
        site, base_url=settings().base_url, follow_redirects=False, headers=headers, client=came_from
    ) as client:
        yield Browser(client)


def give_password(account: Account) -> str:
    """Let the account have PASSWORD, as if it had chosen it; gives its username."""
    with database.transaction() as db:
        stored = db.get_one(Account, account.id)
        stored.password_hash = HASH
    return account.username


def link_for(account: Account, *, days: int = 7) -> str:
    """The token of a new link of the account."""
    with database.transaction() as db:
        return invitations.issue_link(
            db, account_id=account.id or 0, channel="email", address="x@mail.example", days=days
        ).token


def stored(account: Account) -> Account:
    """The account as it stands in the database now."""
    with database.reading() as db:
        return db.get_one(Account, account.id)


SESSION, INVITATION = cookies.session_name, cookies.invitation_name
