"""OneRoster sets in a real database: whole, as changes, and who leaves with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.clock import today as school_day
from core.errors import Conflict, FreshCodeRequired, InputProblem, NotAllowed, NotFound
from core.models import (
    Account,
    AuditEntry,
    AuditPeople,
    Enrolment,
    Guardianship,
    ImportLeaver,
    Invitation,
    Person,
    PersonStatus,
    SchoolSettings,
    Section,
    SignInSession,
)
from core.permissions import Actor, Role, command_line
from core.rules import people_sets
from core.rules.imports import reading
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.services import audit, import_undo, imports, school, traces
from core.services.imports import Check, Leave
from tests import cast as people
from tests import oneroster
from tests.cast import Cast
from tests.conftest import Clock
from tests.oneroster import WHOLE, WHOLE_1_2, archive, changes, many, of_two_schools

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database", "clock")]
ACTOR = command_line("tester")


def _check(upload: Upload) -> Check:
    intake = reading.read(reading.sheets([upload], limits=COMMAND_LINE_LIMITS))
    with database.reading() as db:
        return imports.check(db, ACTOR, intake=intake)


def _import(upload: Upload, actor: Actor = ACTOR, **options: Any) -> imports.Applied:
    check = _check(upload)
    with database.transaction() as db:
        return imports.apply(db, actor, seen=check, uploads=[upload], **options)


def _person(code: str) -> Person:
    with database.reading() as db:
        return db.exec(select(Person).where(Person.source_id == code)).one()


def _classes_of(code: str) -> set[str]:
    with database.reading() as db:
        query = select(Section.title).join(Enrolment).join(Person, col(Person.id) == col(Enrolment.person_id))
        return set(db.exec(query.where(Person.source_id == code)))


def _with_account(code: str) -> int:
    with database.transaction() as db:
        made = people.account(db, person=db.exec(select(Person).where(Person.source_id == code)).one())
        people.role(db, account=made, role=Role.STUDENT)
        return made.id or 0


@pytest.mark.parametrize(("files", "version"), [(WHOLE, "1.1"), (WHOLE_1_2, "1.2")])
def test_a_whole_set_comes_in_and_twice_it_changes_nothing(files: dict[str, str], version: str) -> None:
    _import(archive(files, version=version))
    assert _classes_of("s1") >= {"7B", "Algebra"}
    again = _check(archive(files, version=version))
    assert again.plan.counts.nothing and not again.leavers()


def _known_as(upload: Upload) -> dict[str, str]:
    """Who looks like somebody who is there already, by the value that is told, and with what they are recognised."""
    told = _check(upload).plan.problems
    return {one.value: one.message.partition(" already")[0] for one in told if "would be there twice" in one.message}


NAMED, NUMBERED = "You have somebody of this name", "You have this identifier"


def test_who_comes_with_another_code_than_last_time_is_told_before_they_are_there_twice() -> None:
    _import(archive(WHOLE))
    turned = archive(WHOLE | {"users": WHOLE["users"].replace("s1,,", "x1,,").replace("g2,,", "x2,,")})
    assert _known_as(turned) == {"x1, known as s1": NAMED}, "a guardian of the same name may be another one"
    other_name = WHOLE["users"].replace("s1,,", "x1,,").replace("Sam,Sideris", "Samuel,Sideris")
    assert _known_as(archive(WHOLE | {"users": other_name})) == {}


def test_who_was_known_under_the_number_that_is_now_the_identifier_is_told() -> None:
    _import(archive(WHOLE | {"users": WHOLE["users"].replace("s1,,", "1001,,").replace("Sam,", "Samuel,")}))
    assert _known_as(archive(WHOLE)) == {"s1, known as 1001": NUMBERED}


def test_in_a_set_of_changes_a_namesake_is_told_only_with_the_same_address() -> None:
    _import(archive(WHOLE))
    new = "s3,active,2026-11-01,true,o1,student,,,Sam,Sideris,,,{email},,,,07,\r\n"
    assert _known_as(changes(users=new.format(email="other@mail.example"))) == {}
    assert _known_as(changes(users=new.format(email="SAM@mail.example"))) == {"s3, known as s1": NAMED}


def test_changes_name_people_and_classes_that_only_firstkey_knows() -> None:
    _import(archive(WHOLE))
    new = "s3,active,2026-11-01,true,o1,student,,,Zoe,Sideri,,,,,,g1,07,\r\n"
    moves = "e9,active,2026-11-01,c7,o1,s3,student,,,\r\ne8,active,2026-11-01,c0,o1,s2,student,,,\r\n"
    counts = _check(changes(users=new, enrollments=moves)).plan.counts
    assert (counts.created, counts.missing, counts.enrolments_created, counts.enrolments_ended) == (1, 0, 2, 0)
    _import(changes(users=new, enrollments=moves))
    assert (_classes_of("s3"), _classes_of("s2"), _classes_of("s1")) == ({"7B"}, {"8A", "Algebra"}, {"7B", "Algebra"})
    with database.reading() as db:
        assert len(db.exec(select(Guardianship).where(Guardianship.student_id == _person("s3").id)).all()) == 1
        assert db.get_one(Section, _person("s3").section_id).title == "7B"
        assert db.get_one(Section, _person("s2").section_id).title == "8A", "the class of a student stays"


def test_a_student_whose_class_ends_in_a_set_of_changes_goes_into_the_new_one() -> None:
    _import(archive(WHOLE))
    moves = "e3,tobedeleted,2026-11-01,c8,o1,s2,student,,,\r\ne7,active,2026-11-01,c7,o1,s2,student,,,\r\n"
    _import(changes(enrollments=moves))
    assert _classes_of("s2") == {"7B"}
    with database.reading() as db:
        assert db.get_one(Section, _person("s2").section_id).title == "7B"


def _enrolled(rows: str) -> Upload:
    """A whole set with so many more enrolments, of Max."""
    return archive(WHOLE | {"enrollments": WHOLE["enrollments"] + rows})


@pytest.mark.parametrize(
    ("begins", "ends", "is_in"),
    [
        ("2026-09-01", "2026-11-27", False),
        ("2026-09-01", "2026-11-28", True),
        ("2026-11-28", "2027-06-30", True),
        ("2026-11-29", "2027-06-30", False),
        ("", "", True),
        ("soon", "later", True),
    ],
)
def test_an_enrolment_counts_from_its_first_day_to_its_last(begins: str, ends: str, is_in: bool, clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    _import(_enrolled(f"e9,,,c0,o1,s2,student,,{begins},{ends}\r\n"))
    assert _classes_of("s2") == ({"8A", "Algebra"} if is_in else {"8A"})


def test_an_enrolment_ends_when_its_day_has_come_and_begins_then(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    rows = "e8,,,c0,o1,s2,student,,2026-09-01,2026-12-20\r\ne9,,,c7,o1,s2,student,,2027-01-08,\r\n"
    _import(_enrolled(rows))
    assert _classes_of("s2") == {"8A", "Algebra"}
    assert [one.row for one in _check(_enrolled(rows)).problems] == [7], "what begins later is said"
    clock.forward(days=45)
    _import(_enrolled(rows))
    assert _classes_of("s2") == {"8A", "7B"}


def test_what_begins_later_in_a_set_of_changes_is_said_to_need_a_whole_set_then(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    _import(archive(WHOLE))
    later = changes(enrollments="e9,active,2026-11-28,c0,o1,s2,student,,2027-01-08,\r\n")
    assert ["Import a whole set" in one.message for one in _check(later).problems] == [True]


def test_classes_of_a_term_that_ended_rest_while_those_of_another_run_and_never_in_between(clock: Clock) -> None:
    sessions = WHOLE["academicSessions"] + "t27,,,Spring,term,2027-01-08,2027-06-30,y26,2027\r\n"
    spring = WHOLE["classes"] + "c9,,,Biology,07,,,scheduled,,o1,t27,,,\r\nc1,,,Choir,07,,,scheduled,,o1,y26,,,\r\n"
    more = "e9,,,c9,o1,s2,student,,,\r\ne8,,,c1,o1,s2,student,,,\r\n"
    files = WHOLE | {
        "academicSessions": sessions,
        "classes": spring,
        "enrollments": WHOLE["enrollments"] + more,
    }
    for day, classes in (
        (datetime(2026, 11, 28, 12, tzinfo=UTC), {"8A", "Choir"}),
        (datetime(2027, 1, 2, 12, tzinfo=UTC), {"8A", "Choir", "Biology"}),
        (datetime(2027, 2, 1, 12, tzinfo=UTC), {"Choir", "Biology"}),
        (datetime(2027, 7, 15, 12, tzinfo=UTC), {"8A", "Choir", "Biology"}),
    ):
        clock.set(day)
        _import(archive(files))
        assert _classes_of("s2") == classes, day


def test_a_student_is_listed_under_the_class_of_this_year_though_the_next_is_in_the_file(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    files = WHOLE | {
        "academicSessions": WHOLE["academicSessions"] + "a27,,,2027-2028,schoolYear,2027-09-01,2028-06-30,,2028\r\n",
        "classes": WHOLE["classes"] + "c99,,,9A,09,,,homeroom,,o1,a27,,,\r\n",
        "enrollments": WHOLE["enrollments"] + "e9,,,c99,o1,s2,student,,,\r\n",
    }
    _import(archive(files))
    assert _classes_of("s2") == {"8A", "9A"}
    with database.reading() as db:
        assert db.get_one(Section, _person("s2").section_id).title == "8A"


def test_changes_of_version_1_2_without_roles_find_out_what_a_person_is() -> None:
    _import(archive(WHOLE_1_2, version="1.2"))
    renamed = oneroster.USERS_1_2.replace("Thalis", "Thaler").replace(",Sam,", ",Samuel,")
    upload = archive({"users": renamed}, mode="delta", version="1.2")
    assert [one.message for one in _check(upload).problems] == []
    _import(upload)
    assert (_person("t1").last_name, _person("s1").first_name) == ("Thaler", "Samuel")


def _with_role(begins: str, ends: str, *, more: str = "") -> Upload:
    """A whole set of version 1.2 in which Tom teaches from one day to another."""
    roles = oneroster.ROLES.replace("r3,,,t1,secondary,siteAdministrator,,,o1,\r\n", more)
    roles = roles.replace("primary,teacher,,,", f"primary,teacher,{begins},{ends},")
    return archive(WHOLE_1_2 | {"roles": roles}, version="1.2")


def _changes_with_role(ends: str) -> Upload:
    """A set of changes in which Tom, who teaches until that day, stands in a class."""
    header, *users = oneroster.USERS_1_2.splitlines(keepends=True)
    enrolled, *rows = WHOLE_1_2["enrollments"].splitlines(keepends=True)
    roles = oneroster.ROLES.splitlines(keepends=True)
    tom = [row for row in roles if ",t1,primary,teacher" in row]
    files = {
        "users": header + "".join(row for row in users if row.startswith("t1,")),
        "roles": roles[0] + "".join(tom).replace("primary,teacher,,,", f"primary,teacher,,{ends},"),
        "enrollments": enrolled + "".join(row for row in rows if ",t1," in row),
    }
    assert len(tom) == 1 and files["enrollments"] != enrolled
    return archive(files, mode="delta", version="1.2")


@pytest.mark.parametrize(
    ("begins", "ends", "comes_in"),
    [
        ("2026-09-01", "2026-11-27", False),
        ("2026-09-01", "2026-11-28", True),
        ("2026-11-28", "2027-06-30", True),
        ("2026-11-29", "", False),
        ("soon", "later", True),
    ],
)
def test_nobody_comes_in_by_a_role_that_ended_or_has_not_begun(
    begins: str, ends: str, comes_in: bool, clock: Clock
) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    check = _check(_with_role(begins, ends))
    assert ("staff" in check.plan.created_by_kind) is comes_in
    told = [one for one in check.problems if one.file == "roles.csv"]
    assert bool(told) is (begins == "soon" or not comes_in) and {one.row for one in told} <= {3}


def test_the_day_of_a_role_is_the_day_of_the_school(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 22, 30, tzinfo=UTC))
    assert school_day().isoformat() == "2026-11-29", "half past midnight in Athens"
    assert "staff" not in _check(_with_role("", "2026-11-28")).plan.created_by_kind
    assert "staff" in _check(_with_role("2026-11-29", "")).plan.created_by_kind


def test_of_two_roles_of_a_kind_one_that_counts_is_enough(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    second = "r3,,,t1,secondary,siteAdministrator,2026-11-01,,o1,\r\n"
    check = _check(_with_role("", "2026-06-30", more=second))
    assert "staff" in check.plan.created_by_kind and not check.problems


def test_whoever_is_known_stays_as_they_are_when_their_role_ends_and_nobody_leaves_by_it(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    _import(archive(WHOLE_1_2, version="1.2"))
    check = _check(_with_role("", "2026-11-27"))
    assert check.plan.counts.nothing and not check.leavers()
    assert [(one.row, "This role has ended" in one.message) for one in check.problems] == [(3, True)]


def test_nobody_who_left_comes_back_by_a_role_that_ended(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    _import(archive(WHOLE_1_2, version="1.2"))
    users = oneroster.USERS_1_2.replace("t1,,,true", "t1,tobedeleted,2026-11-01,true")
    _import(archive({"users": users}, mode="delta", version="1.2"), leave=Leave.WHO_IS_SAID_TO)
    assert _person("t1").status == PersonStatus.LEFT
    _import(_with_role("", "2026-11-27"))
    assert _person("t1").status == PersonStatus.LEFT
    told = _check(_changes_with_role("2026-11-27")).problems
    assert {one.file for one in told} == {"roles.csv"}, "their enrolments are not told of as well"
    _import(_changes_with_role("2026-11-27"))
    assert _person("t1").status == PersonStatus.LEFT
    _import(_with_role("", "2026-11-28"))
    assert _person("t1").status == "active"


def test_a_dangling_reference_in_changes_is_told() -> None:
    _import(archive(WHOLE))
    moves = "e9,active,2026-11-01,c99,o1,s2,student,,,\r\ne8,active,2026-11-01,c0,o1,s99,student,,,\r\n"
    told = [(one.row, one.message) for one in _check(changes(enrollments=moves)).problems]
    assert [row for row, _message in told] == [2, 3]


def test_whoever_is_to_be_deleted_has_left_and_is_never_deleted() -> None:
    _import(archive(WHOLE))
    account_id = _with_account("s2")
    gone = changes(users="s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n")
    assert _import(gone).run.left == 0, "nobody unless it is asked for"
    assert _import(gone, leave=Leave.WHO_IS_SAID_TO).run.left == 1
    assert (_person("s2").status, _person("s1").status) == (PersonStatus.LEFT, "registered")
    with database.reading() as db:
        assert db.get_one(Account, account_id).deactivated_at == clock.now()


def test_teachers_of_an_earlier_file_leave_and_the_office_does_not(cast: Cast) -> None:
    _import(archive(WHOLE))
    without = WHOLE | {
        "users": WHOLE["users"].replace("t1,,,", "t2,,,"),
        "enrollments": WHOLE["enrollments"].replace("t1", "t2"),
    }
    leavers = _check(archive(without)).leavers()
    left = {row["source_id"] for row in leavers.rows}
    assert not leavers.spared and "t1" in left and cast.tom.person.source_id in left, "both taught"
    assert not left & {cast.olga.person.source_id, cast.ada.person.source_id, cast.gina.person.source_id}


def test_no_file_takes_the_school_from_who_administers_it(cast: Cast) -> None:
    with database.transaction() as db:
        people.role(db, account=cast.tom.account, role=Role.ADMINISTRATOR)
    leavers = _check(archive(WHOLE)).leavers()
    assert [row["source_id"] for row in leavers.spared] == [cast.tom.person.source_id]
    run = _import(archive(WHOLE), leave=Leave.WHO_IS_MISSING).run
    assert run.left == len(leavers), "what was said is what is done"
    assert _person(cast.tom.person.source_id).status == "active"
    assert _person(cast.otto.person.source_id).status == PersonStatus.LEFT


def test_administrators_who_are_spared_do_not_count_towards_how_many_are_too_many() -> None:
    _import(many(12))
    with database.transaction() as db:
        sixth = people.account(db, person=db.exec(select(Person).where(Person.source_id == "s12")).one())
        people.role(db, account=sixth, role=Role.ADMINISTRATOR)
    assert not _check(many(6)).leavers().why_not


def test_an_administrator_of_before_is_no_longer_spared(cast: Cast) -> None:
    with database.transaction() as db:
        ended = people.role(db, account=cast.tom.account, role=Role.ADMINISTRATOR)
        ended.ends_on = clock.now().date() - timedelta(days=1)
        db.add(ended)
    assert cast.tom.person.source_id in {row["source_id"] for row in _check(archive(WHOLE)).leavers().rows}


def test_a_half_empty_file_marks_nobody_and_says_why_and_what_to_do() -> None:
    _import(many(60))
    upload = many(30)
    check = _check(upload)
    assert len(check.leavers()) == 30
    with pytest.raises(
        Conflict, match=r"30 of 60 students would have left.*more than the 10 %.*Is the file whole.*--leavers"
    ):
        _import(upload, leave=Leave.WHO_IS_MISSING)
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(col(Person.status) == PersonStatus.LEFT)) == 0


def test_a_file_that_forgot_one_school_of_a_district_marks_nobody() -> None:
    """Eight of 128 students are no one in ten of the district, and all of the small school."""
    _import(of_two_schools(120, 8))
    check = _check(of_two_schools(120, 0))
    assert len(check.leavers()) == 8
    assert "8 of 8 students of Lyceum would have left" in check.leavers().why_not
    with pytest.raises(Conflict, match="Is the file whole"):
        _import(of_two_schools(120, 0), leave=Leave.WHO_IS_MISSING)
    assert not _check(of_two_schools(120, 3)).leavers().why_not, "five may always leave"
    assert "120 of 128 students would have left" in _check(of_two_schools(0, 8)).leavers().why_not, "said once"


def test_a_set_whose_enrolments_stop_after_the_header_takes_nobody_out_of_a_class_and_says_so() -> None:
    _import(archive(WHOLE))
    header = WHOLE["enrollments"].partition("\r\n")[0] + "\r\n"
    check = _check(archive(WHOLE | {"enrollments": header}))
    assert check.plan.counts.enrolments_ended == 0
    assert any("put nobody into one" in problem.message for problem in check.problems)
    one_left = WHOLE["enrollments"].replace("e2,,,c0,o1,s1,student,,,\r\n", "")
    check = _check(archive(WHOLE | {"enrollments": one_left}))
    assert check.plan.counts.enrolments_ended == 1
    assert not any("put nobody into one" in problem.message for problem in check.problems)


@pytest.mark.parametrize("days", ["2026-01-01,2026-06-30", "2027-09-01,2028-06-30"])
def test_in_the_holidays_everybody_leaves_their_class_and_nothing_is_asked(days: str) -> None:
    _import(archive(WHOLE))
    check = _check(archive(WHOLE | {"enrollments": WHOLE["enrollments"].replace(",,\r\n", f",{days}\r\n")}))
    assert check.plan.counts.enrolments_ended == 4
    assert not any("put nobody into one" in problem.message for problem in check.problems)


def test_an_administrator_who_types_how_many_may_go_on_and_nobody_else(cast: Cast) -> None:
    _import(many(60))
    upload = many(30)
    number = len(_check(upload).leavers())
    with pytest.raises(NotAllowed):
        _import(upload, cast.olga.actor, leave=Leave.WHO_IS_MISSING, typed_leavers=number)
    with pytest.raises(InputProblem, match="was typed"):
        _import(upload, cast.ada.actor, leave=Leave.WHO_IS_MISSING, typed_leavers=number - 1)
    stale = replace(cast.ada.actor, fresh_until=clock.now())
    with pytest.raises(FreshCodeRequired):
        _import(upload, stale, leave=Leave.WHO_IS_MISSING, typed_leavers=number)
    assert _import(upload, cast.ada.actor, leave=Leave.WHO_IS_MISSING, typed_leavers=number).run.left == number


def test_r31_whoever_lets_more_leave_than_the_limit_proves_who_they_are(cast: Cast) -> None:
    _import(many(60))
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).leavers_percent = 100
    upload, stale = many(56), replace(cast.olga.actor, fresh_until=clock.now())
    number = len(_check(upload).leavers())
    for limit, asks in ((number, False), (number - 1, True)):
        with database.transaction() as db:
            db.get_one(SchoolSettings, 1).fresh_code_above = limit
        assert _check(upload).asks_who(_check(upload).leavers()) is asks
    with pytest.raises(FreshCodeRequired):
        _import(upload, stale, leave=Leave.WHO_IS_MISSING)
    assert _import(upload, stale).run.left == 0, "without leavers nobody is asked"
    assert _import(upload, cast.olga.actor, leave=Leave.WHO_IS_MISSING).run.left == number


@pytest.mark.parametrize(("percent", "passes"), [(20, False), (25, True)])
def test_how_many_may_leave_at_once_is_a_setting_that_does_what_it_says(percent: int, passes: bool) -> None:
    _import(many(40))
    with database.transaction() as db:
        school.change_settings(db, ACTOR, changes={"leavers_percent": percent})
    assert bool(_check(many(30)).leavers().why_not) is not passes


def test_five_may_always_leave_for_one_in_ten_of_a_small_school_is_nobody() -> None:
    _import(many(12))
    assert not _check(many(7)).leavers().why_not
    assert _check(many(6)).leavers().why_not


def _signed_in(account_id: int) -> None:
    now, later = clock.now(), clock.now() + timedelta(hours=1)
    link = {"purpose": "link", "uid": "u", "kid": "k", "token_hash": "t", "channel": "email", "address": "a@b.example"}
    used = {"created_at": now, "last_used_at": now, "expires_at": later}
    with database.transaction() as db:
        db.add(SignInSession(id="x", token_hash="h", account_id=account_id, **used))
        db.add(Invitation(account_id=account_id, issued_at=now, expires_at=later, **link))


def test_r17_r35_who_leaves_is_signed_out_and_their_links_open_nothing() -> None:
    _import(archive(WHOLE))
    _signed_in(_with_account("s2"))
    _import(changes(users="s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n"), leave=Leave.WHO_IS_SAID_TO)
    with database.reading() as db:
        assert db.get_one(SignInSession, "x").ended_at is not None
        assert db.exec(select(Invitation)).one().superseded_because == "deactivated"


def test_undo_gives_back_status_and_account_but_not_to_who_was_changed_since(cast: Cast) -> None:
    _import(many(60))
    account_id = _with_account("s59")
    run = _import(many(55), leave=Leave.WHO_IS_SAID_TO).run
    assert run.left == 0
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(leavers_percent=100))
    run = _import(many(58), leave=Leave.WHO_IS_MISSING).run
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.source_id) == "s60").values(status="inactive"))
    with database.transaction() as db:
        done = import_undo.undo_leavers(db, cast.olga.actor, run_id=run.id or 0)
        assert done == import_undo.Undone(back=run.left - 1, gone=0, left_alone=1)
    assert (_person("s59").status, _person("s60").status) == ("registered", "inactive")
    with database.reading() as db:
        assert db.get_one(Account, account_id).deactivated_at is None
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "import.leavers_undone")).one()
        counts = {name: entry.details[name] for name in ("back", "gone", "left_alone")}
        assert counts == {"back": run.left - 1, "gone": 0, "left_alone": 1}
        assert len(people_sets.unpack(db.get_one(AuditPeople, entry.details["people"]).packed)) == run.left - 1
        assert audit.verify(db).broken_at is None
    with pytest.raises(Conflict, match="undone already"), database.transaction() as db:
        import_undo.undo_leavers(db, cast.olga.actor, run_id=run.id or 0)


def test_undo_ends_after_a_week_and_is_for_imports_by_which_people_left(cast: Cast, clock: Clock) -> None:
    first = _import(archive(WHOLE)).run
    with pytest.raises(NotFound), database.transaction() as db:
        import_undo.undo_leavers(db, cast.olga.actor, run_id=first.id or 0)
    run = _import(changes(users="s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n"), leave=Leave.WHO_IS_SAID_TO).run
    clock.forward(days=8)
    with pytest.raises(Conflict, match="more than 7 days ago"), database.transaction() as db:
        import_undo.undo_leavers(db, cast.olga.actor, run_id=run.id or 0)


def test_r103_who_is_erased_is_gone_from_the_leavers_of_an_import_too() -> None:
    _import(archive(WHOLE))
    _import(changes(users="s2,tobedeleted,2026-11-01,,,,,,,,,,,,,,,\r\n"), leave=Leave.WHO_IS_SAID_TO)
    with database.transaction() as db:
        traces.remove(db, person_ids=[_person("s2").id or 0])
        assert db.exec(select(ImportLeaver)).all() == []
