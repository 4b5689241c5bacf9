"""People who had left and are in the files again: who comes back, whose account works again, and how it is undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.models import Account, AuditEntry, ImportReturn, Person, PersonStatus, SignInSession
from core.permissions import Role, command_line
from core.rules.imports import reading
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.services import audit, import_undo, imports, traces
from core.services.imports import Check, Leave
from core.tables import imports as tables
from tests import cast as people
from tests.conftest import Clock
from tests.oneroster import WHOLE, archive, changes

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database", "clock")]
ACTOR = command_line("tester")
GONE = "s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n"
SILENT = WHOLE | {"users": WHOLE["users"].replace("s2,,,true", "s2,,,")}  # says nothing about whether Max is active


def _check(upload: Upload) -> Check:
    with database.reading() as db:
        return imports.check(db, ACTOR, intake=reading.read(reading.sheets([upload], limits=COMMAND_LINE_LIMITS)))


def _import(upload: Upload, **options: Any) -> imports.Applied:
    check = _check(upload)
    with database.transaction() as db:
        return imports.apply(db, ACTOR, seen=check, uploads=[upload], **options)


def _max() -> Person:
    with database.reading() as db:
        return db.exec(select(Person).where(Person.source_id == "s2")).one()


def _account() -> Account:
    with database.reading() as db:
        return db.exec(select(Account).where(Account.person_id == _max().id)).one()


def _change(**values: object) -> None:
    """As somebody does by hand."""
    with database.transaction() as db:
        table: type[Account | Person] = Account if "deactivated_at" in values else Person
        mine = col(Account.person_id) == _max().id if table is Account else col(Person.id) == _max().id
        db.execute(sa.update(table).where(mine).values(**values))


@pytest.fixture
def _left(database: None, clock: Clock) -> None:
    _come_and_leave(clock)


def _come_and_leave(clock: Clock) -> None:
    """Max came with a file, got an account, and left with another file."""
    _import(archive(WHOLE))
    with database.transaction() as db:
        made = people.account(db, person=db.exec(select(Person).where(Person.source_id == "s2")).one())
        people.role(db, account=made, role=Role.STUDENT)
    clock.forward(days=1)
    _import(changes(users=GONE), leave=Leave.WHO_IS_SAID_TO)
    assert _max().status == PersonStatus.LEFT and _account().deactivated_at
    clock.forward(days=1)


@pytest.mark.usefixtures("_left")
@pytest.mark.parametrize("files", [WHOLE, SILENT])
def test_who_is_in_the_files_again_comes_back_and_their_account_works_again(files: dict[str, str]) -> None:
    check = _check(archive(files))
    assert check.plan.counts.returning == 1 and not check.problems
    run = _import(archive(files)).run
    assert (run.returned, run.changed, _max().status, _account().deactivated_at) == (1, 1, "registered", None)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "import.applied").order_by(AuditEntry.seq)).all()
        assert entry[-1].details["returned"] == 1 and audit.verify(db).broken_at is None
    assert _check(archive(files)).plan.counts.nothing


@pytest.mark.usefixtures("_left")
def test_what_was_switched_off_by_hand_stays_off() -> None:
    _change(deactivated_at=core_clock.now())
    assert _import(archive(WHOLE)).run.returned == 1
    assert (_max().status, _account().deactivated_at is None) == ("registered", False)


def test_an_account_that_was_off_before_they_left_stays_off(clock: Clock) -> None:
    _import(archive(WHOLE))
    with database.transaction() as db:
        made = people.account(db, person=db.exec(select(Person).where(Person.source_id == "s2")).one())
        made.deactivated_at = core_clock.now() - timedelta(days=30)
        db.add(made)
    _import(changes(users=GONE), leave=Leave.WHO_IS_SAID_TO)
    clock.forward(days=1)
    assert _import(archive(WHOLE)).run.returned == 1
    assert (_max().status, _account().deactivated_at is None) == ("registered", False)


@pytest.mark.usefixtures("_left")
def test_who_was_marked_as_left_by_hand_comes_back_only_where_the_file_says_a_status() -> None:
    _change(status="left", updated_at=core_clock.now())
    check = _check(archive(SILENT))
    assert check.plan.counts.returning == 0
    assert [one.message for one in check.problems if "leaves it so" in one.message]
    assert _check(archive(WHOLE)).plan.counts.returning == 1


@pytest.mark.usefixtures("_left")
def test_a_status_that_does_not_count_opens_no_account() -> None:
    _import(archive(WHOLE | {"users": WHOLE["users"].replace("s2,,,true", "s2,,,false")}))
    assert (_max().status, _account().deactivated_at is None) == ("inactive", False)
    _import(archive(WHOLE))
    assert (_max().status, _account().deactivated_at) == ("registered", None), "and a later one that counts does"


@pytest.mark.usefixtures("_left")
def test_r35_undo_lets_them_go_again_and_no_later_file_opens_the_account(clock: Clock) -> None:
    run = _import(archive(WHOLE)).run
    now, later = core_clock.now(), core_clock.now() + timedelta(hours=1)
    with database.transaction() as db:
        used = {"created_at": now, "last_used_at": now, "expires_at": later}
        db.add(SignInSession(id="x", token_hash="h", account_id=_account().id or 0, **used))
        assert run.id in {one.id for one in tables.undoable(db, ACTOR)}
    clock.forward(hours=1)
    with database.transaction() as db:
        done = import_undo.undo_leavers(db, ACTOR, run_id=run.id or 0)
        assert done == import_undo.Undone(back=0, gone=1, left_alone=0)
    assert (_max().status, _account().deactivated_at) == (PersonStatus.LEFT, core_clock.now())
    with database.reading() as db:
        assert db.get_one(SignInSession, "x").ended_at == core_clock.now()
    clock.forward(days=1)
    assert _check(archive(SILENT)).plan.counts.returning == 0, "somebody has said that they left"
    _import(archive(WHOLE))
    assert (_max().status, _account().deactivated_at is None) == ("registered", False)


@pytest.mark.usefixtures("_left")
def test_undo_leaves_alone_who_was_changed_since(clock: Clock) -> None:
    run = _import(archive(WHOLE)).run
    _change(status="inactive")
    clock.forward(hours=1)
    with database.transaction() as db:
        done = import_undo.undo_leavers(db, ACTOR, run_id=run.id or 0)
        assert done == import_undo.Undone(back=0, gone=0, left_alone=1)
    assert (_max().status, _account().deactivated_at) == ("inactive", None)


@pytest.mark.usefixtures("_left")
def test_r103_who_is_erased_is_gone_from_those_who_came_back_too() -> None:
    _import(archive(WHOLE))
    with database.transaction() as db:
        traces.remove(db, person_ids=[_max().id or 0])
        assert db.exec(select(ImportReturn)).all() == []
