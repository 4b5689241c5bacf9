"""A browser for the tests of our own pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cast import Cast
from tests.web import browsing
from tests.web.browsing import Browser


@pytest.fixture
def browser(cast: Cast) -> Iterator[Browser]:
    """In front of a school with the cast."""
    with browsing.browser() as made:
        yield made
