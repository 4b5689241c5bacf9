"""The audit chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import database
from core.models import AuditEntry
from core.permissions import command_line
from core.services import audit
from tests.cast import Cast

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


def test_r97_an_entry_names_the_account_and_never_its_username(cast: Cast) -> None:
    with database.transaction() as db:
        actor = replace(cast.olga.actor, label="olga@mail.example")
        audit.record(db, actor, action="tested")
        audit.record(db, command_line("root"), action="tested")
        assert [entry.actor for entry in db.exec(select(AuditEntry).order_by("seq"))] == [
            f"account {cast.olga.account.id}",
            "command line, root",
        ]


def test_r96_entries_sealed_with_a_username_verify_as_before(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        with monkeypatch.context() as before:
            before.setattr(audit, "name_of", lambda actor: actor.label)
            audit.record(db, cast.olga.actor, action="tested")
        audit.record(db, cast.olga.actor, action="tested")
        assert db.exec(select(AuditEntry).order_by("seq")).first().actor == cast.olga.account.username  # type: ignore[union-attr]
        assert audit.verify(db) == audit.Verdict(2)
