"""A browser for the tests of our own pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing, twilio_calls
from tests.web.browsing import Browser


@pytest.fixture
def browser(cast: Cast) -> Iterator[Browser]:
    """In front of a school with the cast."""
    with browsing.browser() as made:
        yield made


@pytest.fixture
def school(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The cast in a school that Twilio writes to."""
    twilio_calls.expected(monkeypatch)
    return cast


@pytest.fixture
def twilio(school: Cast) -> Iterator[TestClient]:
    """Twilio in front of its door."""
    with browsing.browser() as made:
        yield made.client
