"""Looking at contacts and being refused are written down (R95)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from core import database
from core.errors import Conflict, NotAllowed, NotFound
from core.models import AuditEntry
from core.permissions import Actor
from core.services import access, audit
from core.services.access import Sought
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _look(db: Session, actor: Actor, at: Member) -> None:
    if access.is_due_to_note(db, actor, person_id=at.person.id or 0):
        access.note_look(db, actor, person_id=at.person.id or 0)


def _looks(db: Session) -> list[tuple[int | None, int | None]]:
    return [(entry.account_id, entry.object_id) for entry in db.exec(select(AuditEntry).order_by("seq"))]


def test_r95_a_look_at_contacts_is_noted_once_in_ten_minutes_for_each_session_and_person(
    cast: Cast, clock: Clock
) -> None:
    olga, sam, gina = cast.olga.actor, cast.sam, cast.gina
    with database.transaction() as db:
        for _again in range(3):
            _look(db, olga, sam)
        _look(db, olga, gina)
        _look(db, replace(olga, session_id="another-session"), sam)
        _look(db, cast.ada.actor, sam)
        clock.forward(minutes=9, seconds=59)
        _look(db, olga, sam)
        expected = [(olga.account_id, sam.person.id), (olga.account_id, gina.person.id)]
        expected += [(olga.account_id, sam.person.id), (cast.ada.actor.account_id, sam.person.id)]
        assert _looks(db) == expected
        clock.forward(seconds=2)
        _look(db, olga, sam)
        assert _looks(db) == [*expected, (olga.account_id, sam.person.id)]
        assert audit.verify(db).broken_at is None


def test_whoever_sees_contacts_masked_is_not_noted(cast: Cast) -> None:
    with database.transaction() as db:
        for member in (cast.cora, cast.tom):
            _look(db, member.actor, cast.sam)
        assert _looks(db) == []


def test_r95_a_denial_is_what_one_may_not_or_what_is_there_for_others(cast: Cast) -> None:
    with database.transaction() as db:
        there, nowhere = Sought("person", cast.otto.person.id or 0), Sought("person", 4711)
        assert access.is_denial(db, NotAllowed("no"))
        assert access.is_denial(db, NotFound("no"), sought=there)
        assert access.is_denial(db, NotFound("no"), sought=Sought("account", cast.otto.account.id or 0))
        assert not access.is_denial(db, NotFound("no"), sought=nowhere)
        assert not access.is_denial(db, NotFound("no"))
        assert not access.is_denial(db, Conflict("changed"), sought=there)
        access.refused(db, cast.tom.actor, where="student", sought=there)
        entry = db.exec(select(AuditEntry)).one()
        assert (entry.action, entry.result, entry.object_kind, entry.object_id, entry.details) == (
            "access.refused",
            "refused",
            "person",
            cast.otto.person.id,
            {"where": "student"},
        )
