"""Keeping Microsoft's directory up to date: on creation only, or continuously; by a person, or at night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from core import database
from core.delivery import directory_look_up, directory_names, directory_work, housekeeping
from core.errors import Conflict
from core.models import (
    Account,
    AuditEntry,
    ChangeStatus,
    DirectoryRun,
    DirectoryRunStatus,
    Person,
    SchoolSettings,
)
from core.rules import directory_updates as rules
from core.rules.directory_updates import Update
from core.services import directory_look_ups, directory_matches, directory_updates
from core.tables import audit, directory_runs
from core.tables.filters import AuditFilter, Page
from tests.cast import Cast
from tests.conftest import Clock
from tests.peers.graph import Graph, error

pytestmark = pytest.mark.both_databases


@pytest.fixture
def school(cast: Cast, graph: Graph, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Sam, Max and Otto are linked, in a school that keeps Microsoft's directory up to date."""
    monkeypatch.setattr(directory_work, "pause", lambda _seconds: None)
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types, own.microsoft_only_on_creation = True, ["student"], False
    for name, code in (("Sam Sideris", "S1"), ("Max Sideris", "S2"), ("Otto Other", "S3")):
        graph.add(f"{code.lower()}@school.example", name=name, employee_id=code)
    _look_up(cast)
    with database.transaction() as db:
        directory_matches.accept_certain(db, cast.ada.actor, expected=3)
    return cast


def _look_up(cast: Cast) -> None:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, cast.ada.actor)
    directory_look_up.run(run_id)


def _found(cast: Cast) -> list[Update]:
    with database.reading() as db:
        return directory_updates.foresee(db, cast.ada.actor)


def _change(person: Person, **values: str) -> None:
    with database.transaction() as db:
        known = db.get_one(Person, person.id)
        for name, value in values.items():
            setattr(known, name, value)


def _under_way() -> list[int]:
    with database.reading() as db:
        return list(directory_runs.under_way(db))


def _update(cast: Cast) -> DirectoryRun:
    seen = rules.seen(_found(cast))
    with database.transaction() as db:
        run_id = directory_updates.launch(db, cast.ada.actor, seen=seen)
    directory_names.run(run_id)
    with database.reading() as db:
        return db.get_one(DirectoryRun, run_id)


def _user(graph: Graph, code: str) -> dict[str, object]:
    return next(user for user in graph.users.values() if user["employeeId"] == code)


def test_nothing_is_to_be_updated_while_nothing_changed(school: Cast) -> None:
    assert _found(school) == []
    with pytest.raises(Conflict):
        _update(school)


def test_a_changed_name_is_seen_first_then_changed_there_and_only_that(school: Cast, graph: Graph) -> None:
    _change(school.sam.person, last_name="Newname")
    (found,) = _found(school)
    assert found.body == {"givenName": "Sam", "surname": "Newname", "displayName": "Sam Newname"}
    run = _update(school)
    assert run.status == DirectoryRunStatus.DONE
    sam = _user(graph, "S1")
    assert (sam["displayName"], sam["surname"], sam["accountEnabled"]) == ("Sam Newname", "Newname", True)
    assert _user(graph, "S2")["displayName"] == "Max Sideris"
    assert _found(school) == []
    with database.reading() as db:
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "directory.updated")).one().details["done"] == 1
        sam, max_ = (_done_to(db, school, who.person) for who in (school.sam, school.max))
    assert sam == ["directory.updated", "directory.update_launched", *max_] and max_ == ["directory.accepted"]


def _done_to(db: Session, school: Cast, person: Person) -> list[str]:
    asked = AuditFilter(person_id=person.id)
    return list(audit.entries(db, school.ada.actor, filter=asked, page=Page())["action"])


def test_a_name_in_other_letters_stays_as_it_is_there(school: Cast) -> None:
    _change(school.sam.person, first_name="Σαμ", last_name="Σίδερις")
    assert _found(school) == []


def test_whoever_left_is_switched_off_there_and_on_again_when_they_come_back(school: Cast, graph: Graph) -> None:
    _change(school.otto.person, status="left")
    (found,) = _found(school)
    assert found.body == {"accountEnabled": False} and not found.is_of_names_only
    _update(school)
    assert _user(graph, "S3")["accountEnabled"] is False and _found(school) == []
    _change(school.otto.person, status="registered")
    _update(school)
    assert _user(graph, "S3")["accountEnabled"] is True


def test_an_account_of_microsoft_waits_while_its_name_is_changed(school: Cast, graph: Graph) -> None:
    with database.transaction() as db:
        db.get_one(Account, school.sam.account.id).sign_in_method = "microsoft"
    _change(school.sam.person, last_name="Newname")
    seen = rules.seen(_found(school))
    with database.transaction() as db:
        run_id = directory_updates.launch(db, school.ada.actor, seen=seen)

    def pending() -> bool:
        with database.reading() as db:
            return db.get_one(Account, school.sam.account.id).pending_provider_at is not None

    assert pending()
    directory_names.run(run_id)
    assert not pending()


def test_sync_only_on_creation_never_changes_anybody(school: Cast, graph: Graph, clock: Clock) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).microsoft_only_on_creation = True
    _change(school.sam.person, last_name="Newname")
    assert _found(school) == []
    clock.set(datetime(2026, 11, 25, 1, 0, tzinfo=UTC))
    assert directory_look_up.begin_at_night() == 0 and _under_way() == []


def test_at_night_it_is_looked_up_and_names_are_changed_by_themselves(school: Cast, graph: Graph, clock: Clock) -> None:
    _change(school.sam.person, last_name="Newname")
    _change(school.otto.person, status="left")
    assert directory_look_up.begin_at_night() == 0, "it is day, and it was looked up a moment ago"
    clock.set(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))  # 3:00 in Athens
    assert directory_look_up.begin_at_night() == 1
    (run_id,) = _under_way()
    directory_look_up.run(run_id)
    (run_id,) = _under_way()
    directory_names.run(run_id)
    assert _user(graph, "S1")["surname"] == "Newname"
    assert _user(graph, "S3")["accountEnabled"] is True, "nobody is switched off while nobody looks"
    assert [update.person_id for update in _found(school)] == [school.otto.person.id]
    clock.forward(hours=1)
    assert directory_look_up.begin_at_night() == 0, "once a night"


def test_too_many_names_at_once_wait_for_a_person(
    school: Cast, graph: Graph, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "AT_MOST_BY_ITSELF", 1)
    for member in (school.sam, school.max):
        _change(member.person, last_name="Newname")
    clock.set(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    directory_look_up.begin_at_night()
    directory_look_up.run(_under_way()[0])
    assert _under_way() == [] and len(_found(school)) == 2


def test_a_look_up_that_a_person_asked_for_changes_nothing_by_itself(school: Cast) -> None:
    _change(school.sam.person, last_name="Newname")
    _look_up(school)
    assert _under_way() == [] and len(_found(school)) == 1


def test_what_changed_since_it_was_seen_is_refused(school: Cast) -> None:
    _change(school.sam.person, last_name="Newname")
    seen = rules.seen(_found(school))
    _change(school.max.person, last_name="Newname")
    with pytest.raises(Conflict, match="now 2 would"), database.transaction() as db:
        directory_updates.launch(db, school.ada.actor, seen=seen)


def test_a_permission_that_is_missing_is_named_and_a_fault_is_asked_again(school: Cast, graph: Graph) -> None:
    _change(school.sam.person, last_name="Newname")
    graph.forbidden.add(str(_user(graph, "S1")["id"]))
    run = _update(school)
    assert run.status == DirectoryRunStatus.FAILED and "User.ReadWrite.All" in run.refusal
    graph.forbidden.clear()
    graph.refusals += [(504, error("GatewayTimeout"), {})] * 2
    assert _update(school).status == DirectoryRunStatus.DONE
    assert _user(graph, "S1")["surname"] == "Newname"


def test_somebody_who_is_gone_from_the_directory_fails_alone(school: Cast, graph: Graph) -> None:
    for member in (school.sam, school.max):
        _change(member.person, last_name="Newname")
    del graph.users[str(_user(graph, "S1")["id"])]
    run = _update(school)
    with database.reading() as db:
        numbers = directory_runs.counts(db, run_id=run.id or 0)
    assert numbers == {ChangeStatus.DONE: 1, ChangeStatus.FAILED: 1}


def test_the_housekeeping_looks_whether_the_night_has_come() -> None:
    assert any(work is directory_look_up.begin_at_night for _every, work in housekeeping.JOBS.values())
