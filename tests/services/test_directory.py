"""Microsoft's directory: looked up, compared with the school, decided by a person, and what follows from that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from core import clock as core_clock
from core import config, database
from core.delivery import directory_look_up, directory_work
from core.errors import Conflict, FreshCodeRequired, InputProblem, NotAllowed, NotFound
from core.models import (
    Account,
    AuditEntry,
    Decision,
    DirectoryMatch,
    DirectoryRun,
    DirectoryRunStatus,
    DirectoryUser,
    Person,
    SchoolSettings,
    SignInSession,
)
from core.permissions import visitor
from core.rules import people_sets
from core.rules.account_acts import Act
from core.rules.directory_match import AT_MOST
from core.rules.directory_users import NotTied
from core.rules.microsoft_identity import Hindrance, Identity
from core.services import (
    account_acts,
    accounts,
    audit,
    directory_attempts,
    directory_look_ups,
    directory_matches,
    erasure,
)
from core.services.microsoft_sign_in import arrive
from core.tables import directory_people, directory_review, students
from core.tables.directory_review import Counts, Part
from core.tables.filters import Page, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.peers.entra import TENANT
from tests.peers.graph import Graph, error

pytestmark = pytest.mark.both_databases


@pytest.fixture
def school(cast: Cast, graph: Graph) -> Cast:
    """The cast in a school with Microsoft 365, where only students live."""
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types = True, ["student"]
    return cast


def look_up(cast: Cast) -> DirectoryRun:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, cast.ada.actor)
    directory_look_up.run(run_id)
    with database.reading() as db:
        return db.get_one(DirectoryRun, run_id)


def counts(cast: Cast) -> Counts:
    with database.reading() as db:
        return directory_review.counts(db, cast.ada.actor)


def shown(cast: Cast, part: Part) -> list[dict[str, Any]]:
    with database.reading() as db:
        return directory_review.page(db, cast.ada.actor, part=part, page=Page(1)).to_dict("records")


def accept(cast: Cast, *ids: int) -> directory_matches.Accepted:
    with database.transaction() as db:
        return directory_matches.accept(db, cast.ada.actor, match_ids=ids)


def _account(person: Person) -> Account:
    with database.reading() as db:
        return db.exec(select(Account).where(Account.person_id == person.id)).one()


def _microsoft(cast: Cast, *people: str) -> None:
    """Their accounts are Microsoft's, and nobody has signed in yet."""
    with database.transaction() as db:
        for name in people:
            account = db.get_one(Account, getattr(cast, name).account.id)
            account.sign_in_method = "microsoft"
            account.username = account.username_key = f"{name}@school.example"


def test_a_look_up_sorts_everybody_into_certain_likely_and_none(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.add("max@school.example", name="Max Sideris")
    graph.add("stranger@school.example", name="Stella Stranger")
    run = look_up(school)
    assert (run.status, run.done, run.refusal) == (DirectoryRunStatus.DONE, 3, "")
    assert counts(school) == Counts(certain=1, likely=1, none=1, linked=0, proposals=1, users=3)
    (sam,) = shown(school, Part.CERTAIN)
    assert (sam["last_name"], sam["address"], sam["reason"]) == ("Sideris", "sam@school.example", "code_and_name")
    assert [row["first_name"] for row in shown(school, Part.NONE)] == ["Otto"]


def test_another_look_up_replaces_what_nobody_decided_and_keeps_what_was(school: Cast, graph: Graph) -> None:
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.add("max@school.example", name="Max Sideris")
    otto = graph.add("otto@school.example", name="Otto Other", employee_id="S3")
    look_up(school)
    by_user = {row["address"]: row["id"] for part in (Part.CERTAIN, Part.LIKELY) for row in shown(school, part)}
    accept(school, by_user["sam@school.example"])
    with database.transaction() as db:
        directory_matches.reject(db, school.ada.actor, match_ids=[by_user["otto@school.example"]])
    graph.users = {sam: graph.users[sam], otto: graph.users[otto]}
    look_up(school)
    assert counts(school) == Counts(certain=0, likely=0, none=2, linked=1, proposals=0, users=2)
    with database.reading() as db:
        assert len(db.exec(select(DirectoryUser)).all()) == 2


def test_accepting_ties_a_microsoft_account_to_tenant_and_user_and_gives_it_the_address(
    school: Cast,
    graph: Graph,
) -> None:
    _microsoft(school, "sam")
    sam = graph.add("s.sideris@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    with database.transaction() as db:
        assert directory_matches.accept_certain(db, school.ada.actor, expected=1).done == 1
    account = _account(school.sam.person)
    assert (account.tenant_id, account.object_id) == (TENANT, sam)
    assert account.username == account.username_key == "s.sideris@school.example"
    with database.reading() as db:
        person = db.get_one(Person, school.sam.person.id)
        assert person.external_email == "s.sideris@school.example"
        found = students.page(db, school.ada.actor, filter=StudentFilter(text="s.sideris@school"), page=Page(1))
        assert list(found["id"]) == [person.id]
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "directory.accepted")).one()
    linked = people_sets.pack([school.sam.person.id or 0]).digest
    assert entry.details == {"done": 1, "left_out": {}, "people": linked}


def test_r28_whoever_is_linked_signs_in_with_that_user_and_with_no_other(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    with database.transaction() as db:
        make.role(db, account=db.get_one(Account, school.sam.account.id), role=make.Role.GUARDIAN)
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[0]["id"])
    with database.transaction() as db:
        ours = arrive(db, visitor(), identity=Identity(TENANT, sam, "sam@school.example", False))
        assert ours.account is not None and ours.account.id == school.sam.account.id
        same_address = Identity(TENANT, "0b1e-another", "sam@school.example", False)
        assert arrive(db, visitor(), identity=same_address).hindrance is Hindrance.UNKNOWN_PERSON


def test_an_account_with_a_password_here_stays_so_until_it_is_converted(school: Cast, graph: Graph) -> None:
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[0]["id"])
    account = _account(school.sam.person)
    assert (account.username, account.sign_in_method) == (school.sam.account.username, "local")
    with database.transaction() as db:
        arrival = arrive(db, visitor(), identity=Identity(TENANT, sam, "sam@school.example", False))
        assert arrival.hindrance is Hindrance.UNKNOWN_PERSON
    ids: dict[str, Any] = {"act": Act.TO_MICROSOFT, "account_ids": [account.id]}
    with database.transaction() as db:
        account_acts.carry_out(db, school.ada.actor, seen=account_acts.check(db, school.ada.actor, **ids).seen, **ids)
    account = _account(school.sam.person)
    assert (account.username, account.object_id, account.sign_in_method) == ("sam@school.example", sam, "microsoft")


def test_an_account_that_is_made_later_is_tied_from_the_beginning(school: Cast, graph: Graph) -> None:
    with database.transaction() as db:
        new = make.person(db, first_name="Nina", last_name="New", source_id="S9", in_section=school.class_7b)
    nina = graph.add("nina@school.example", name="Nina New", employee_id="S9")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[0]["id"])
    with database.transaction() as db:
        plan = accounts.preview(db, school.ada.actor, person_ids=[new.id or 0])
        accounts.create(db, school.ada.actor, seen=plan.seen, person_ids=[new.id or 0])
    account = _account(new)
    assert (account.username, account.object_id, account.tenant_id) == ("nina@school.example", nina, TENANT)


def test_an_account_that_was_converted_back_is_tied_again_by_the_next_look_up(school: Cast, graph: Graph) -> None:
    sam = graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[0]["id"])
    with database.transaction() as db:
        account = db.get_one(Account, school.sam.account.id)
        account.sign_in_method, account.tenant_id, account.object_id = "microsoft", None, None
    look_up(school)
    assert _account(school.sam.person).object_id == sam


def test_who_signed_in_by_invitation_is_linked_by_the_next_look_up(school: Cast, graph: Graph) -> None:
    sam = graph.add("sam@school.example", name="Samuel S.")
    with database.transaction() as db:
        account = db.get_one(Account, school.sam.account.id)
        account.sign_in_method, account.tenant_id, account.object_id = "microsoft", TENANT, sam
    look_up(school)
    assert [row["reason"] for row in shown(school, Part.LINKED)] == ["signed_in"]
    look_up(school)
    assert counts(school).linked == 1


def test_what_changed_since_it_was_seen_is_refused(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    with pytest.raises(Conflict, match="now 1 are certain"), database.transaction() as db:
        directory_matches.accept_certain(db, school.ada.actor, expected=2)
    match_id = shown(school, Part.CERTAIN)[0]["id"]
    accept(school, match_id)
    with pytest.raises(NotFound):
        accept(school, match_id)
    with pytest.raises(NotFound), database.transaction() as db:
        directory_matches.reject(db, school.ada.actor, match_ids=[match_id])


def test_two_proposals_for_one_person_are_never_both_accepted(school: Cast, graph: Graph) -> None:
    graph.add("max@school.example", name="Max Sideris")
    graph.add("max2@school.example", name="Max Sideris")
    look_up(school)
    first, second = (row["id"] for row in shown(school, Part.LIKELY))
    with pytest.raises(InputProblem):
        accept(school, first, second)
    assert accept(school, first).done == 1
    assert counts(school).likely == 0


def test_who_cannot_be_linked_is_left_out_and_said_why(school: Cast, graph: Graph) -> None:
    _microsoft(school, "max")
    with database.transaction() as db:  # Otto's username here is the address that Max has there
        otto = db.get_one(Account, school.otto.account.id)
        otto.username = otto.username_key = "m.sideris@school.example"
    graph.add("M.Sideris@school.example", name="Max Sideris", employee_id="S2")
    graph.add("sám@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    with database.transaction() as db:
        accepted = directory_matches.accept_certain(db, school.ada.actor, expected=2)
    assert accepted.done == 0 and accepted.left_out == {NotTied.NAME_TAKEN: 1, NotTied.ADDRESS: 1}
    assert counts(school).certain == 2
    assert _account(school.max.person).object_id is None


def test_a_link_that_was_wrong_is_undone_and_whoever_came_by_it_is_out(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    match_id = shown(school, Part.CERTAIN)[0]["id"]
    accept(school, match_id)
    with database.transaction() as db:
        make.just_signed_in(db, school.sam.actor)
        db.get_one(Account, school.sam.account.id).first_sign_in_at = core_clock.now()
    with database.transaction() as db:
        directory_matches.release(db, school.ada.actor, match_id=match_id)
    account = _account(school.sam.person)
    assert (account.object_id, account.tenant_id, account.first_sign_in_at) == (None, None, None)
    with database.reading() as db:
        assert db.get_one(SignInSession, "session-of-test").ended_at is not None
    look_up(school)
    assert counts(school).linked == 0 and counts(school).certain == 0


def test_a_look_up_that_is_refused_says_which_permission_is_missing_and_changes_nothing(
    school: Cast,
    graph: Graph,
) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    graph.forbidden.add("users")
    run = look_up(school)
    assert run.status == DirectoryRunStatus.FAILED and "User.Read.All" in run.refusal
    assert counts(school).certain == 1


def test_only_one_look_up_at_a_time_and_none_without_microsoft(
    school: Cast,
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.transaction() as db:
        directory_look_ups.ask(db, school.ada.actor)
    with pytest.raises(Conflict, match="at work"), database.transaction() as db:
        directory_look_ups.ask(db, school.ada.actor)
    monkeypatch.setenv("FIRSTKEY_MICROSOFT_TENANT_ID", "")
    config.settings.cache_clear()
    with pytest.raises(Conflict, match="not set up"), database.transaction() as db:
        directory_look_ups.ask(db, school.ada.actor)
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).microsoft = False
    with pytest.raises(Conflict, match="does not use"), database.transaction() as db:
        directory_look_ups.ask(db, school.ada.actor)


def test_a_process_that_was_thought_dead_changes_nothing_any_more(school: Cast, graph: Graph) -> None:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, school.ada.actor)
    with database.transaction() as db:
        old = directory_attempts.begin(db, run_id=run_id)
        new = directory_attempts.begin(db, run_id=run_id)
    assert old and new and old.number < new.number
    with database.transaction() as db:
        assert not directory_look_ups.keep(db, old, users=[])
        assert not directory_look_ups.finish(db, old, matches=[])
        assert directory_look_ups.finish(db, new, matches=[])


@pytest.mark.parametrize("who", ["olga", "cora", "tom", "sam"])
def test_r59_the_directory_is_for_administrators(school: Cast, who: str) -> None:
    actor = getattr(school, who).actor
    calls = (
        lambda db: directory_look_ups.ask(db, actor),
        lambda db: directory_review.counts(db, actor),
        lambda db: directory_matches.accept_certain(db, actor, expected=0),
    )
    for call in calls:
        with pytest.raises(NotAllowed), database.transaction() as db:
            call(db)


def test_r31_linking_asks_who_does_it(school: Cast, clock: Clock) -> None:
    stale = replace(school.ada.actor, fresh_until=clock.now)
    with pytest.raises(FreshCodeRequired), database.transaction() as db:
        directory_matches.accept_certain(db, stale, expected=0)


def test_r103_whoever_is_erased_is_erased_from_what_was_looked_up_too(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.add("max@school.example", name="Max Sideris", employee_id="S2")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[1]["id"])
    with database.transaction() as db:
        erasure.erase(db, school.ada.actor, person_id=school.sam.person.id or 0, typed_name="Sam Sideris")
    with database.reading() as db:
        assert [user.display_name for user in db.exec(select(DirectoryUser))] == ["Max Sideris"]
        assert {one.person_id for one in db.exec(select(DirectoryMatch))} == {school.max.person.id}
        assert audit.verify(db).broken_at is None


def test_r97_the_audit_names_nobody(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[0]["id"])
    with database.reading() as db:
        told = " ".join(f"{entry.details} {entry.reason}" for entry in db.exec(select(AuditEntry)))
    assert "sideris" not in told.lower() and "school.example" not in told


def test_a_fault_of_microsoft_fails_the_look_up_and_not_the_page(
    school: Cast,
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory_work, "pause", lambda _seconds: None)
    graph.refusals += [(500, error("InternalServerError"), {})] * 20
    run = look_up(school)
    assert run.status == DirectoryRunStatus.FAILED and "did not answer" in run.refusal


def _decisions(db: Session) -> list[str]:
    return list(db.exec(select(col(DirectoryMatch.decision))))


def test_open_proposals_of_a_user_who_is_linked_are_gone(school: Cast, graph: Graph) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Max", last_name="Sideris", source_id="S7", in_section=school.class_8a)
    graph.add("max@school.example", name="Max Sideris")
    look_up(school)
    rows = shown(school, Part.LIKELY)
    assert len(rows) == 2
    accept(school, rows[0]["id"])
    with database.reading() as db:
        assert _decisions(db) == [Decision.ACCEPTED]


def test_r102_who_is_in_the_directory_is_forgotten_after_a_month_but_for_links(
    school: Cast, graph: Graph, clock: Clock
) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.add("max@school.example", name="Max Sideris", employee_id="S2")
    graph.add("stranger@school.example", name="Stella Stranger")
    look_up(school)
    accept(school, shown(school, Part.CERTAIN)[1]["id"])
    assert directory_look_up.forget_old() == 0
    clock.forward(days=31)
    assert directory_look_up.forget_old() == 2
    assert counts(school) == Counts(certain=0, likely=0, none=2, linked=1, proposals=0, users=1)


def test_whom_many_share_the_name_with_is_decided_on_and_never_just_created(school: Cast, graph: Graph) -> None:
    """Seven called Sam Sideris are in the directory: any of them may be our Sam."""
    for number in range(AT_MOST + 2):
        graph.add(f"sam{number}@school.example", name="Sam Sideris")

    def look() -> tuple[list[int], bool]:
        look_up(school)
        with database.reading() as db:
            return list(db.exec(select(DirectoryMatch.id).where(DirectoryMatch.decision == Decision.OPEN))), _offered()

    def _offered() -> bool:
        with database.reading() as db:
            return school.sam.person.id in {one.person_id for one in directory_people.to_create(db)}

    for expected in (AT_MOST, 2):
        proposed, offered = look()
        assert len(proposed) == expected and not offered
        with database.transaction() as db:
            directory_matches.reject(db, school.ada.actor, match_ids=proposed)
        assert _offered() is (expected < AT_MOST)  # after as many as are shown at most there may be more
    assert look() == ([], True)
