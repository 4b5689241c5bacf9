"""The audit chain."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import database
from core.permissions import command_line
from core.services import audit

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

TAMPERINGS = {
    "a changed byte": "UPDATE audit_entry SET action = 'nothing' WHERE seq = 3",
    "a removed entry": "DELETE FROM audit_entry WHERE seq = 3",
    "a changed seal": "UPDATE audit_entry SET seal = previous_seal WHERE seq = 3",
    "another actor": "UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 3",
}


def _five_entries() -> None:
    with database.transaction() as db:
        for number in range(5):
            audit.record(db, command_line("root"), action="test.done", details={"number": number})


def test_r95_an_untouched_chain_verifies() -> None:
    _five_entries()
    with database.reading() as db:
        assert audit.verify(db) == audit.Verdict(entries=5)


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_r99_verification_names_the_first_entry_that_does_not_fit(tampering: str) -> None:
    _five_entries()
    with database.transaction() as db:
        db.execute(sa.text(TAMPERINGS[tampering]))
    with database.reading() as db:
        assert audit.verify(db).broken_at == 3


def test_r100_an_act_that_fails_leaves_no_entry() -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as db:
        audit.record(db, command_line("root"), action="test.done")
        1 / 0  # noqa: B018
    with database.reading() as db:
        assert audit.verify(db).entries == 0
