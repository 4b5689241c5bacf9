"""One running server for the whole suite; tests leave their own traces on accounts of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security import site as sites
from tests.security.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Each test attacks or uses accounts and addresses of its own, so that none is felt in another."""
    with sites.running(tmp_path_factory.mktemp("site")) as made:
        yield made
