"""Which statuses of students count as Registered is one setting, and everything that asks for it asks the setting."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database, demo
from core.models import Account, Enrolment, Person, SchoolSettings
from core.rules.imports import reading
from core.rules.promotion import RolesFollow, propose
from core.rules.spreadsheets import PAGE_LIMITS, Upload
from core.services import erasure, imports, periods, school, years
from core.services.years import Plan
from core.tables import retention
from core.tables import years as table
from tests import cast as casting
from tests.cast import Cast

pytestmark = pytest.mark.both_databases
BOTH_WAYS = pytest.mark.parametrize("counting", [["registered"], ["registered", "active"], ["active"]])


def decide(cast: Cast, statuses: list[str]) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes={"registered_statuses": statuses})


def both(cast: Cast, statuses: list[str]) -> set[str]:
    """Sam is Registered and Max is Active, both in 7B; gives those who count."""
    decide(cast, statuses)
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id) == cast.max.person.id).values(status="active"))
    return {name for name, status in (("Sam", "registered"), ("Max", "active")) if status in statuses}


@BOTH_WAYS
def test_just_those_who_count_go_up_with_their_class(cast: Cast, counting: list[str]) -> None:
    count = both(cast, counting)
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
        dates = {"starts_on": date(2027, 9, 1), "ends_on": date(2028, 6, 30)}
        year = periods.create(db, cast.ada.actor, title="2027-2028", **dates)
        classes = table.classes(db, period_id=cast.period.id or 0)
        assert {one.title: one.students for one in classes}["7B"] == len(count)
        plan = Plan(year, tuple(propose(classes)), RolesFollow.STAY)
        foreseen = years.foresee(db, cast.ada.actor, plan=plan)
        assert foreseen.go_up == len(count)
        years.begin(db, cast.ada.actor, plan=plan, seen=foreseen.seen)
    with database.reading() as db:
        in_7b = Person.section_id == cast.class_7b.id, Person.kind == "student"
        assert set(db.exec(select(Person.first_name).where(*in_7b))) == {"Sam", "Max"} - count


@BOTH_WAYS
def test_just_those_who_count_are_missed_in_the_current_year(cast: Cast, counting: list[str]) -> None:
    count = both(cast, counting)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(section_id=None))
        db.execute(sa.delete(Enrolment))
        ids = set(db.scalars(table.without_class(db)))
        without = set(db.exec(select(Person.first_name).where(col(Person.id).in_(ids))))
    assert without - {"Otto"} == count


@BOTH_WAYS
def test_before_erasing_it_is_said_of_just_those_who_count_that_they_come_back(cast: Cast, counting: list[str]) -> None:
    count = both(cast, counting)
    with database.reading() as db:
        for member in (cast.sam, cast.max):
            said = erasure.foresee(db, cast.ada.actor, person_id=member.person.id or 0)
            assert said.comes_back is (member.person.first_name in count)
        assert erasure.foresee(db, cast.ada.actor, person_id=cast.tom.person.id or 0).comes_back, "Active counts here"


@BOTH_WAYS
def test_who_left_is_kept_no_longer_whatever_counts(cast: Cast, counting: list[str]) -> None:
    """No setting can make Left count; inactive people and applicants have not left, so they stay."""
    both(cast, counting)
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id) == cast.otto.person.id).values(status="left"))
    with database.reading() as db:
        assert list(db.scalars(retention.leavers(clock.now().replace(year=2200)))) == [cast.otto.person.id]


@BOTH_WAYS
def test_a_student_of_whom_an_import_says_no_status_counts(cast: Cast, counting: list[str]) -> None:
    decide(cast, counting)
    uploads = [Upload("list.csv", b"Student code;Last name;First name\r\nN1;New;Nina\r\n")]
    intake = reading.read(reading.sheets(uploads, limits=PAGE_LIMITS))
    with database.transaction() as db:
        seen = imports.check(db, cast.ada.actor, intake=intake)
        imports.apply(db, cast.ada.actor, seen=seen, uploads=uploads)
        assert db.exec(select(Person.status).where(Person.source_id == "N1")).one() in counting


@pytest.mark.parametrize("counting", [["registered"], ["registered", "applicant"]])
def test_in_the_demo_just_those_who_count_were_invited(database: None, counting: list[str]) -> None:
    with database_transaction() as db:
        db.add(SchoolSettings(id=1, registered_statuses=counting))
        demo.seed(db, students=240, seed=1)
        invited = sa.select(col(Person.status)).join(Account, col(Account.person_id) == col(Person.id))
        invited = invited.where(col(Person.kind) == "student", col(Account.invited_at).is_not(None))
        found = set(db.scalars(invited.distinct()))
        assert found >= set(counting)
        assert not found & ({"registered", "applicant", "inactive"} - set(counting))


database_transaction = database.transaction
