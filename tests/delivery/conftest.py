"""What a process remembers of its channels begins anew with every test."""

from __future__ import annotations

import pytest

from core.delivery import breaker


@pytest.fixture(autouse=True)
def _closed_breakers() -> None:
    breaker.of.cache_clear()
