"""Looking at contacts and being refused are written down (R95)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlmodel import Session, select

from core import database, requests
from core.errors import Conflict, NotAllowed, NotFound, Sought
from core.models import AuditEntry
from core.permissions import Actor, Permission, visitor
from core.services import access, account_unlock, audit, outbox
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


Begin = Callable[[], AbstractContextManager[Session]]
WAYS: tuple[Begin, ...] = (database.transaction, database.reading)


@pytest.mark.parametrize("begin", WAYS)
def test_r95_whoever_is_refused_by_a_service_that_is_called_directly_is_written_down(cast: Cast, begin: Begin) -> None:
    requests.begin()
    with pytest.raises(NotAllowed) as refusal, begin() as db:
        outbox.read(db, cast.tom.actor, name="7")
    assert refusal.value.is_noted
    entry = _only_entry()
    assert (entry.action, entry.account_id, entry.role, entry.result) == (
        *("access.refused", cast.tom.account.id, "teacher", "refused"),
    )
    assert entry.details == {"service": "outbox.read", "permission": "send"}
    assert entry.request == requests.current() != ""


def test_r95_what_was_done_before_the_refusal_is_undone_and_the_entry_stays(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        audit.record(db, cast.tom.actor, action="test.done")
        cast.tom.actor.require(Permission.SEND)
    assert _only_entry().action == "access.refused"


@pytest.mark.parametrize("outer", WAYS)
def test_r95_a_refusal_within_two_units_of_work_is_written_down_once_both_are_over(cast: Cast, outer: Begin) -> None:
    """SQLite has one writer: what is written before the outer one is undone would wait for itself."""
    with pytest.raises(NotAllowed), outer() as db:
        db.exec(select(AuditEntry)).all()
        with database.reading():
            cast.tom.actor.require(Permission.SEND)
    assert _only_entry().details == {"permission": "send"}


def test_r95_what_a_role_may_not_do_to_one_of_many_names_whom_it_was_about(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        account_unlock.unlock(db, cast.olga.actor, account_id=cast.ada.account.id or 0)
    entry = _only_entry()
    assert (entry.object_kind, entry.object_id) == ("account", cast.ada.account.id)


def test_strangers_are_refused_and_not_written_down(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        outbox.read(db, visitor("203.0.113.7"), name="7")
    with database.reading() as db:
        assert db.exec(select(AuditEntry)).all() == []


def test_a_refusal_that_cannot_be_written_down_is_a_fault_and_tried_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[NotAllowed] = []

    def refuse_too(_db: Session, actor: Actor, refusal: NotAllowed) -> None:
        tried.append(refusal)
        actor.require(Permission.SEND)

    monkeypatch.setattr(database, "_write_refusal", refuse_too)
    with pytest.raises(NotAllowed) as raised, database.reading() as db:
        outbox.read(db, cast.tom.actor, name="7")
    assert tried == [raised.value.__context__]
    assert not raised.value.is_noted


def _only_entry() -> AuditEntry:
    with database.reading() as db:
        assert audit.verify(db).broken_at is None
        return db.exec(select(AuditEntry)).one()


def test_r95_a_denial_is_what_one_may_not_or_what_is_there_for_others(cast: Cast) -> None:
    with database.transaction() as db:
        there, nowhere = Sought("person", cast.otto.person.id or 0), Sought("person", 4711)
        assert access.is_denial(db, NotAllowed("no"))
        assert access.is_denial(db, NotFound("no"), sought=there)
        assert access.is_denial(db, NotFound("no"), sought=Sought("account", cast.otto.account.id or 0))
        assert not access.is_denial(db, NotFound("no"), sought=nowhere)
        assert not access.is_denial(db, NotFound("no"))
        assert not access.is_denial(db, Conflict("changed"), sought=there)
        requests.begin("student")
        access.refused(db, cast.tom.actor, NotFound("no"), sought=there)
        entry = db.exec(select(AuditEntry)).one()
        assert (entry.action, entry.result, entry.object_kind, entry.object_id, entry.details) == (
            "access.refused",
            "refused",
            "person",
            cast.otto.person.id,
            {"where": "student"},
        )
