"""A demo school on a server of its own, and somebody of the staff signed in to it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.models import AccountRole, SignInSession
from tests.peers import firstkey
from tests.peers.firstkey import Server

SLOW = 60_000

# Streamlit pales what it is about to replace and fades it in again; a pale caption has too little contrast.
NOTHING_FADES = """() => !document.querySelector('[data-stale="true"]')
  && document.getAnimations().every(a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)"""


@contextmanager
def school(folder: Path) -> Iterator[Server]:
    """The demo school, as `make run` makes it."""
    with firstkey.running(folder) as server:
        yield server


def signed_in(chromium: Browser, server: Server, *, role: str = "office", **options: Any) -> BrowserContext:
    """A browser in which somebody of this role is signed in: the session is written into the database."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        holders = sa.select(AccountRole.account_id).where(AccountRole.role == role)  # type: ignore[arg-type]
        values = {
            "id": secrets.token_hex(16),
            "token_hash": hashlib.sha256(token.encode()).hexdigest(),
            "account_id": connection.scalar(holders.order_by(AccountRole.account_id).limit(1)),  # type: ignore[arg-type]
            "created_at": now,
            "last_used_at": now,
            "expires_at": now + timedelta(hours=8),
        }
        connection.execute(sa.insert(SignInSession).values(ip="", user_agent="", **values))
    engine.dispose()
    # Where nothing moves, Chromium works a third less; in test_story.py and test_ended_session.py it moves.
    context = chromium.new_context(base_url=server.url, **{"reduced_motion": "reduce"} | options)
    context.set_default_timeout(SLOW)
    context.add_cookies([{"name": "sid", "value": token, "url": server.url}])
    return context


def make_administrator(server: Server) -> None:
    """The demo school has none: the second of its office becomes one."""
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        second = "SELECT max(account_id) FROM account_role WHERE role = 'office'"
        connection.execute(sa.text(f"UPDATE account_role SET role = 'administrator' WHERE account_id = ({second})"))
    engine.dispose()


def a_student(server: Server) -> int:
    """The id of some student of the school."""
    return _asked(server, "SELECT min(id) FROM person WHERE kind = 'student'")


def an_account(server: Server, kind: str) -> int:
    """The id of the account of some guardian, or of some member of staff."""
    accounts = "SELECT min(account.id) FROM account JOIN person ON person.id = account.person_id"
    return _asked(server, f"{accounts} WHERE person.kind = :kind", kind=kind)


def _asked(server: Server, query: str, **values: str) -> int:
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.connect() as connection:
        found = connection.scalar(sa.text(query), values)
    engine.dispose()
    return int(found)


def settled(page: Page) -> None:
    """Nothing runs on the server for this page any more, and nothing of it is still fading in."""
    page.locator('[data-test-script-state="notRunning"]').wait_for(timeout=SLOW)
    page.wait_for_function(NOTHING_FADES, timeout=SLOW)


def open_list(page: Page, path: str = "/students") -> None:
    """A list with its rows and its bar."""
    page.goto(path)
    expect(page.get_by_role("button", name="Tick page", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.locator('[data-testid="stDataFrame"] canvas').first).to_be_visible(timeout=SLOW)
    settled(page)
