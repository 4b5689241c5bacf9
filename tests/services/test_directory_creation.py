"""Creating users in Microsoft 365: the dry run, exactly that, nobody twice, and every way in which it can go wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.delivery import directory_accounts, directory_look_up, directory_work
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import (
    Account,
    AuditEntry,
    ChangeStatus,
    DirectoryChange,
    DirectoryMatch,
    DirectoryRun,
    DirectoryRunStatus,
    Person,
    SchoolSettings,
)
from core.rules.handing_over import SlipSecret
from core.rules.microsoft_accounts import NotCreated, Plan
from core.rules.report_parameters import CredentialParameters
from core.services import (
    directory_attempts,
    directory_changes,
    directory_creation,
    directory_look_ups,
    initial_passwords,
)
from core.tables import accounts as accounts_table
from core.tables import directory_runs, keys_in_use, slips, subject
from core.tables.filters import AccountFilter, Page
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.peers.graph import Graph, error
from tests.peers.tenant import GROUP

pytestmark = pytest.mark.both_databases
DOMAIN = "school.example"


@pytest.fixture
def school(cast: Cast, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Looked up, and nobody of the three students is there."""
    monkeypatch.setattr(directory_work, "pause", lambda _seconds: None)
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types, own.microsoft_domain = True, ["student"], DOMAIN
        own.microsoft_licence_group = GROUP
    look_up(cast)
    yield cast
    assert len({user["employeeId"] for user in graph.users.values()}) == len(graph.users), "nobody twice"


def look_up(cast: Cast) -> None:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, cast.ada.actor)
    directory_look_up.run(run_id)


def preview(cast: Cast) -> Plan:
    with database.reading() as db:
        return directory_creation.preview(db, cast.ada.actor)


def launch(cast: Cast) -> int:
    seen = preview(cast).seen
    with database.transaction() as db:
        return directory_creation.launch(db, cast.ada.actor, seen=seen)


def create(cast: Cast) -> DirectoryRun:
    run_id = launch(cast)
    directory_accounts.run(run_id)
    return _run(run_id)


def _run(run_id: int) -> DirectoryRun:
    with database.reading() as db:
        return db.get_one(DirectoryRun, run_id)


def _counts(run: DirectoryRun) -> dict[ChangeStatus, int]:
    with database.reading() as db:
        return directory_runs.counts(db, run_id=run.id or 0)


def _reasons() -> set[str]:
    with database.reading() as db:
        return {change.reason for change in db.exec(select(DirectoryChange)) if change.reason}


def _account(person: Person) -> Account:
    with database.reading() as db:
        return db.exec(select(Account).where(Account.person_id == person.id)).one()


def _microsoft(cast: Cast, name: str) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, getattr(cast, name).account.id)
        account.sign_in_method = "microsoft"
        account.username = account.username_key = f"{name}@{DOMAIN}"


def _set(**values: Any) -> None:
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        for name, value in values.items():
            setattr(own, name, value)


def test_the_dry_run_says_who_and_under_which_address_and_does_nothing(school: Cast, graph: Graph) -> None:
    _microsoft(school, "otto")
    said = preview(school)
    assert {(new.employee_id, new.address) for new in said.new} == {
        ("S1", "ssideris@school.example"),
        ("S2", "msideris@school.example"),
        ("S3", "otto@school.example"),
    }
    assert said.skipped == () and graph.users == {}


def test_just_what_was_seen_is_created_licensed_and_linked(school: Cast, graph: Graph) -> None:
    said = preview(school)
    run = create(school)
    assert run.status == DirectoryRunStatus.DONE and _counts(run) == {ChangeStatus.DONE: 3}
    assert {user["userPrincipalName"] for user in graph.users.values()} == {new.address for new in said.new}
    assert graph.groups[GROUP] == set(graph.users)
    assert {user["usageLocation"] for user in graph.users.values()} == {"GR"}
    with database.reading() as db:
        sam = db.get_one(Person, school.sam.person.id)
        assert sam.external_email == "ssideris@school.example"
        assert len(db.exec(select(DirectoryMatch).where(DirectoryMatch.reason == "created")).all()) == 3
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "directory.created")).one()
        told = [row["what"] for row in subject.seen_by(db, person_id=school.sam.person.id or 0)]
    assert (entry.details["done"], entry.details["failed"]) == (3, 0) and entry.actor == "system, directory"
    assert told[-2:] == ["Was to be created in Microsoft 365", "Created in Microsoft 365"]
    assert preview(school).new == ()


def test_an_account_of_microsoft_waits_while_it_is_created_and_is_tied_then(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")

    def pending() -> list[int]:
        with database.reading() as db:
            asked = AccountFilter(pending=True)
            return list(accounts_table.page(db, school.ada.actor, filter=asked, page=Page(1))["id"])

    assert pending() == []
    run_id = launch(school)
    assert pending() == [school.sam.account.id], "whoever has a password here does not wait"
    directory_accounts.run(run_id)
    assert pending() == []
    account = _account(school.sam.person)
    assert account.object_id in graph.users and account.username == f"sam@{DOMAIN}"


def test_without_a_group_nobody_is_put_into_one(school: Cast, graph: Graph) -> None:
    _set(microsoft_licence_group="")
    assert _counts(create(school)) == {ChangeStatus.DONE: 3}
    assert graph.groups[GROUP] == set()


def test_f1_a_process_that_dies_after_asking_finds_whom_it_created(school: Cast, graph: Graph) -> None:
    """Claimed, created at Microsoft, and dead before it was marked."""
    run_id = launch(school)
    with database.transaction() as db:
        attempt = directory_attempts.begin(db, run_id=run_id)
        assert attempt
        claims = directory_changes.claim(db, attempt)
    new = claims[0].new
    graph.add(new.address, name=new.display_name, employee_id=new.employee_id)
    directory_accounts.run(run_id)
    assert len(graph.users) == 3 and _counts(_run(run_id)) == {ChangeStatus.DONE: 3}
    posts = [path for method, path in graph.asked if (method, path) == ("POST", "/users")]
    assert len(posts) == 2


def test_a_lost_answer_is_looked_for_and_nobody_is_created_twice(school: Cast, graph: Graph) -> None:
    graph.lost = 2
    run = create(school)
    assert len(graph.users) == 3 and _counts(run) == {ChangeStatus.DONE: 3}


def test_a_lost_answer_to_all_of_them_is_looked_for_too(school: Cast, graph: Graph) -> None:
    graph.lost_batches = 2
    run = create(school)
    assert len(graph.users) == 3 and _counts(run) == {ChangeStatus.DONE: 3}


def test_being_turned_away_is_waited_for(school: Cast, graph: Graph) -> None:
    graph.throttle = lambda number: number % 3 == 0
    assert _counts(create(school)) == {ChangeStatus.DONE: 3}


def test_somebody_else_with_the_address_fails_that_one_alone(school: Cast, graph: Graph) -> None:
    run_id = launch(school)
    graph.add("ssideris@school.example", name="Stella Sideris", employee_id="X9")
    directory_accounts.run(run_id)
    assert _counts(_run(run_id)) == {ChangeStatus.DONE: 2, ChangeStatus.FAILED: 1}
    assert _reasons() == {NotCreated.ADDRESS_TAKEN}


def test_whoever_came_into_the_directory_meanwhile_is_not_created_again(school: Cast, graph: Graph) -> None:
    run_id = launch(school)
    graph.add("sam.sideris@school.example", name="Sam Sideris", employee_id="S1")
    directory_accounts.run(run_id)
    assert _reasons() == {NotCreated.THERE_ALREADY}
    assert len(graph.users) == 3


def test_a_permission_that_is_missing_stops_the_run_says_which_and_it_can_go_on(school: Cast, graph: Graph) -> None:
    graph.forbidden.add("users")
    run = create(school)
    assert run.status == DirectoryRunStatus.FAILED and "User.ReadWrite.All" in run.refusal
    graph.forbidden.clear()
    with database.transaction() as db:
        directory_creation.resume(db, school.ada.actor, run_id=run.id or 0)
    directory_accounts.run(run.id or 0)
    assert _counts(_run(run.id or 0)) == {ChangeStatus.DONE: 3}


def test_a_group_that_is_not_there_creates_nobody_and_one_that_is_forbidden_is_gone_on_with(
    school: Cast, graph: Graph
) -> None:
    _set(microsoft_licence_group=GROUP.replace("1111", "2222"))
    run = create(school)
    assert run.status == DirectoryRunStatus.FAILED and "no group" in run.refusal and graph.users == {}
    _set(microsoft_licence_group=GROUP)
    graph.forbidden.add("$ref")
    with database.transaction() as db:
        directory_creation.resume(db, school.ada.actor, run_id=run.id or 0)
    directory_accounts.run(run.id or 0)
    assert "GroupMember.ReadWrite.All" in _run(run.id or 0).refusal
    graph.forbidden.clear()
    with database.transaction() as db:
        directory_creation.resume(db, school.ada.actor, run_id=run.id or 0)
    directory_accounts.run(run.id or 0)
    assert len(graph.users) == 3 and graph.groups[GROUP] == set(graph.users)


def test_what_microsoft_never_answers_clearly_fails_in_the_end(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")
    run_id = launch(school)
    for _ in range(200):
        graph.refusals.append((504, error("GatewayTimeout"), {}))
    directory_accounts.run(run_id)
    assert _run(run_id).status == DirectoryRunStatus.FAILED
    graph.refusals.clear()
    with database.transaction() as db:
        for change in db.exec(select(DirectoryChange)):
            change.attempts = directory_changes.TRIES
        directory_creation.resume(db, school.ada.actor, run_id=run_id)
    directory_accounts.run(run_id)
    assert _reasons() == {NotCreated.NO_ANSWER}
    assert _account(school.sam.person).pending_provider_at is None


def test_another_account_here_with_the_name_leaves_them_created_and_not_linked(school: Cast, graph: Graph) -> None:
    run_id = launch(school)
    with database.transaction() as db:
        make.account(db, person=make.person(db, kind="guardian"), username="ssideris@school.example")
    directory_accounts.run(run_id)
    assert _counts(_run(run_id)) == {ChangeStatus.DONE: 3} and _reasons() == {NotCreated.NOT_LINKED}


def test_stopping_creates_nobody_more(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")
    run_id = launch(school)
    with database.transaction() as db:
        assert directory_creation.stop(db, school.ada.actor, run_id=run_id) == 3
    directory_accounts.run(run_id)
    assert graph.users == {} and _counts(_run(run_id)) == {ChangeStatus.STOPPED: 3}
    assert _account(school.sam.person).pending_provider_at is None
    with pytest.raises(NotFound), database.transaction() as db:
        directory_creation.stop(db, school.ada.actor, run_id=run_id)
    with pytest.raises(NotFound), database.transaction() as db:
        directory_creation.resume(db, school.ada.actor, run_id=run_id)


def test_who_was_being_created_when_it_was_stopped_is_marked_all_the_same(school: Cast, graph: Graph) -> None:
    run_id = launch(school)
    with database.transaction() as db:
        attempt = directory_attempts.begin(db, run_id=run_id)
        assert attempt
        claims = directory_changes.claim(db, attempt)
        directory_creation.stop(db, school.ada.actor, run_id=run_id)
    key = graph.add(claims[0].new.address, name="x", employee_id="S1")
    with database.transaction() as db:
        directory_changes.mark(db, attempt, outcomes={claims[0].change_id: directory_changes.Outcome(key)})
        left = directory_changes.claim(db, attempt)
    assert [claim.object_id for claim in left] == [key, None, None]  # begun before the stop: they come to an end
    _answered(attempt, left)
    assert set(_counts(_run(run_id))) == {ChangeStatus.DONE, ChangeStatus.FAILED}
    assert _run(run_id).status == DirectoryRunStatus.STOPPED


def _answered(attempt: directory_attempts.Attempt, claims: list[directory_changes.Claim]) -> None:
    """Whoever is there gets a licence, the others were refused; then there is nothing more to claim."""
    outcomes = {
        claim.change_id: directory_changes.Outcome(claim.object_id, licensed=True)
        if claim.object_id
        else directory_changes.Outcome(reason=NotCreated.REFUSED)
        for claim in claims
    }
    with database.transaction() as db:
        directory_changes.mark(db, attempt, outcomes=outcomes)
        assert directory_changes.claim(db, attempt) == []


def test_a_run_that_failed_is_gone_on_with_or_stopped_before_another_begins(school: Cast, graph: Graph) -> None:
    graph.forbidden.add("users")
    failed = create(school).id or 0
    with pytest.raises(Conflict, match="not finished"):
        preview(school)
    with database.transaction() as db:
        directory_creation.stop(db, school.ada.actor, run_id=failed)
    with pytest.raises(Conflict, match="not finished"):  # they were asked for already
        preview(school)
    graph.forbidden.clear()
    with database.transaction() as db:
        directory_creation.resume(db, school.ada.actor, run_id=failed)
    directory_accounts.run(failed)
    assert _counts(_run(failed)) == {ChangeStatus.DONE: 3}
    assert preview(school).new == ()


def test_what_changed_since_the_dry_run_is_refused(school: Cast, graph: Graph) -> None:
    seen = preview(school).seen
    with database.transaction() as db:
        make.person(db, first_name="Nina", last_name="New", in_section=school.class_7b)
    with pytest.raises(Conflict, match="now 4 would"), database.transaction() as db:
        directory_creation.launch(db, school.ada.actor, seen=seen)
    assert graph.users == {}
    with database.reading() as db:
        assert db.exec(select(DirectoryChange)).all() == []


def test_launched_twice_it_runs_once(school: Cast) -> None:
    seen = preview(school).seen
    launch(school)
    with pytest.raises(Conflict, match="at work"), database.transaction() as db:
        directory_creation.launch(db, school.ada.actor, seen=seen)


def test_so_many_at_once_have_to_be_typed(school: Cast) -> None:
    _set(typed_count_above=2)
    with pytest.raises(InputProblem, match="Type 3"):
        launch(school)
    seen = preview(school).seen
    with database.transaction() as db:
        directory_creation.launch(db, school.ada.actor, seen=seen, typed_count=3)


def test_an_old_look_up_a_missing_domain_and_the_demo_create_nobody(school: Cast, clock: Clock) -> None:
    _set(is_demo=True)
    with pytest.raises(Conflict, match="demo"):
        preview(school)
    _set(is_demo=False, microsoft_domain="")
    with pytest.raises(Conflict, match="domain"):
        preview(school)
    _set(microsoft_domain=DOMAIN)
    clock.forward(days=400)
    with pytest.raises(Conflict, match="older than a day"):
        preview(school)


def test_whoever_has_a_proposal_is_not_created_until_it_is_rejected(school: Cast, graph: Graph) -> None:
    graph.add("samuel@school.example", name="Sam Sideris", employee_id="T1")
    look_up(school)
    assert "S1" not in {new.employee_id for new in preview(school).new}


@pytest.mark.parametrize("who", ["olga", "tom"])
def test_r59_only_administrators_create(school: Cast, who: str) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        directory_creation.launch(db, getattr(school, who).actor, seen="")


def test_r91_no_initial_password_stands_in_the_database_or_the_log(
    school: Cast, graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    graph.lost = 1
    create(school)
    passwords = set(graph.passwords.values())
    assert len(passwords) == 3
    with database.engine().connect() as connection:
        raw = " ".join(
            str(row)
            for table in ("directory_change", "directory_run", "audit_entry", "account", "person", "directory_user")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all()
        )
    told = raw + caplog.text
    assert not any(password in told or password.replace("-", "") in told for password in passwords)
    assert "@school.example" not in caplog.text


def _password_of(school: Cast, graph: Graph, name: str) -> str:
    account = _account(getattr(school, name).person)
    return graph.passwords[account.object_id or ""]


def test_the_initial_password_is_shown_until_the_person_has_signed_in(school: Cast, graph: Graph) -> None:
    _microsoft(school, "sam")
    create(school)

    def shown() -> initial_passwords.Revealed | None:
        with database.transaction() as db:
            return initial_passwords.reveal(db, school.ada.actor, account_id=school.sam.account.id or 0)

    revealed = shown()
    assert revealed and revealed.password == _password_of(school, graph, "sam") and revealed.expires_at is None
    with database.transaction() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "initial_password.revealed")).one()
        assert entry.object_id == school.sam.account.id
        db.get_one(Account, school.sam.account.id).first_sign_in_at = core_clock.now()
    assert shown() is None


def test_slips_print_the_initial_password_of_a_new_microsoft_account_and_only_where_asked(
    school: Cast, graph: Graph
) -> None:
    _microsoft(school, "sam")
    _microsoft(school, "max")
    create(school)
    with database.transaction() as db:
        db.get_one(Account, school.max.account.id).first_sign_in_at = core_clock.now()
    for shows, expected in ((True, SlipSecret.MICROSOFT_PASSWORD), (False, SlipSecret.MICROSOFT)):
        parameters = CredentialParameters(show_passwords=shows)
        ids = sa.select(col(Account.id)).where(col(Account.username).in_([f"sam@{DOMAIN}", f"max@{DOMAIN}"]))
        with database.reading() as db:
            groups = slips.of_accounts(db, school.ada.actor, account_ids=ids, parameters=parameters)
            said = {row[6]: (row[7], row[8]) for group in groups for row in group.rows}
            counted = slips.count(db, school.ada.actor, account_ids=ids, parameters=parameters)
        password = _password_of(school, graph, "sam") if shows else ""
        assert said == {f"sam@{DOMAIN}": (expected, password), f"max@{DOMAIN}": (SlipSecret.MICROSOFT, "")}
        assert {secret: number for secret, number in counted.items() if number} == Counter(
            SlipSecret(secret) for secret, _password in said.values()
        )


def test_r61_the_initial_password_of_staff_at_microsoft_is_for_administrators_alone(school: Cast, graph: Graph) -> None:
    _set(microsoft_user_types=["teacher"])
    _microsoft(school, "tom")
    create(school)
    parameters = CredentialParameters(show_passwords=True)
    ids = sa.select(col(Account.id)).where(col(Account.id) == school.tom.account.id)
    for member, expected in ((school.ada, SlipSecret.MICROSOFT_PASSWORD), (school.olga, SlipSecret.MICROSOFT)):
        with database.reading() as db:
            (group,) = slips.of_accounts(db, member.actor, account_ids=ids, parameters=parameters)
            counted = slips.count(db, member.actor, account_ids=ids, parameters=parameters)
        assert group.rows[0][7] == expected and counted[expected] == 1
    with pytest.raises(NotAllowed), database.transaction() as db:
        initial_passwords.reveal(db, school.olga.actor, account_id=school.tom.account.id or 0)


def test_r94_the_key_of_an_initial_password_at_microsoft_is_kept_as_long_as_it_may_be_asked_for(
    school: Cast, clock: Clock
) -> None:
    create(school)
    with database.transaction() as db:
        for change in db.exec(select(DirectoryChange)):
            change.kid = "older"
    with database.reading() as db:
        assert "older" in keys_in_use.all_of_them(db)
    clock.forward(days=500)
    with database.reading() as db:
        assert "older" not in keys_in_use.all_of_them(db)
