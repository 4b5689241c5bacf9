"""A sign-in at Microsoft that is under way comes back once."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from core import database
from core.models import MicrosoftFlow
from core.services import microsoft_flows
from core.services.microsoft_flows import Begun
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


def test_t19_a_flood_of_sign_ins_under_way_takes_the_place_of_the_oldest_and_no_more(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microsoft_flows, "AT_MOST", 3)
    references = []
    for number in range(5):
        clock.forward(seconds=1)
        with database.transaction() as db:
            references.append(microsoft_flows.keep(db, begun=Begun({"state": str(number)})))
            assert db.scalar(sa.select(sa.func.count()).select_from(MicrosoftFlow)) == min(number + 1, 3)
    with database.transaction() as db:
        assert [microsoft_flows.take(db, reference=reference) is not None for reference in references] == [
            False,
            False,
            True,
            True,
            True,
        ]


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
