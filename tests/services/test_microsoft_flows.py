"""A sign-in at Microsoft that is under way comes back once."""

from __future__ import annotations

import threading
import time

import pytest

from core import database
from core.services import microsoft_flows
from core.services.microsoft_flows import Begun
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def test_of_two_who_come_back_with_the_same_sign_in_at_the_same_moment_one_goes_on(cast: Cast) -> None:
    with database.transaction() as db:
        reference = microsoft_flows.keep(db, begun=Begun({"state": "of Sam"}))
    taken: list[Begun | None] = []

    def come_back() -> None:
        with database.transaction() as db:
            taken.append(microsoft_flows.take(db, reference=reference))

    with database.transaction() as db:
        taken.append(microsoft_flows.take(db, reference=reference))
        second = threading.Thread(target=come_back)
        second.start()
        time.sleep(0.3)  # it has looked, and waits for what the first has not stored yet
    second.join(timeout=30)
    assert [begun is not None for begun in taken] == [True, False]
