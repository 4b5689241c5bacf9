"""A year begins: classes go up, roles go over, exactly as foreseen; undone, everything is as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from core import clock as core_clock
from core import database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import (
    AcademicPeriod,
    Account,
    AccountRole,
    AuditEntry,
    Enrolment,
    EnrolmentKind,
    ImportRun,
    Person,
    Section,
    YearChange,
    YearMove,
    metadata,
)
from core.permissions import Role
from core.rules.account_acts import Act
from core.rules.promotion import RolesFollow, propose
from core.services import account_acts, audit, periods, selections_beside, students, year_undo, years
from core.services.years import Foreseen, Plan
from core.tables import actors
from core.tables import audit as audit_table
from core.tables import years as table
from core.tables.filters import AuditFilter, Page
from tests import cast as casting
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases
KEPT_APART = {"person_change", "audit_entry", "year_change", "year_move"}  # what tells of the change itself


@pytest.fixture
def people(cast: Cast) -> Cast:
    with database.transaction() as db:
        casting.just_signed_in(db, cast.ada.actor)
    return cast


def next_year(people: Cast) -> int:
    with database.transaction() as db:
        return periods.create(
            db, people.ada.actor, title="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 6, 30)
        )


def planned(period_id: int, *, moves: bool = True, roles: RolesFollow = RolesFollow.TITLE) -> Plan:
    with database.reading() as db:
        current = db.exec(select(AcademicPeriod).where(AcademicPeriod.is_current)).one()
        steps = propose(table.classes(db, period_id=current.id or 0)) if moves else []
    return Plan(period_id, tuple(steps), roles)


def foresee(people: Cast, plan: Plan) -> Foreseen:
    with database.reading() as db:
        return years.foresee(db, people.ada.actor, plan=plan)


def begin(people: Cast, plan: Plan) -> int:
    seen = foresee(people, plan).seen
    with database.transaction() as db:
        return years.begin(db, people.ada.actor, plan=plan, seen=seen)


def undo(people: Cast, change_id: int) -> int:
    with database.transaction() as db:
        return year_undo.undo(db, people.ada.actor, change_id=change_id)


def everything(db: Session) -> dict[str, list[Any]]:
    """All rows of all tables but those that tell of the change."""
    return {
        name: sorted(map(repr, db.execute(sa.select(one)).all()))
        for name, one in metadata.tables.items()
        if name not in KEPT_APART
    }


def snapshot() -> dict[str, list[Any]]:
    with database.reading() as db:
        return everything(db)


def test_students_go_up_and_the_last_grade_leaves(people: Cast) -> None:
    plan = planned(next_year(people))
    seen = foresee(people, plan)
    assert (seen.go_up, seen.leave, seen.new_classes) == (2, 1, ("8B",))
    begin(people, plan)
    with database.reading() as db:
        sam, otto = db.get_one(Person, people.sam.person.id), db.get_one(Person, people.otto.person.id)
        section = db.get_one(Section, sam.section_id)
        assert (section.title, section.grade, sam.grade, section.period_id) == ("8B", "8", "8", plan.period_id)
        assert (otto.status, otto.section_id) == ("left", people.class_8a.id)
        enrolled = db.exec(select(Enrolment.section_id).where(Enrolment.person_id == sam.id)).all()
        assert set(enrolled) == {people.class_7b.id, section.id}  # last year stays on record
        assert [period.title for period in db.exec(select(AcademicPeriod).where(AcademicPeriod.is_current))] == [
            "2027-2028"
        ]
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "year.begun")).one()
        assert (entry.details["went_up"], entry.details["left"]) == (2, 1)
        assert audit.verify(db).broken_at is None


def test_whoever_does_not_count_stays_and_is_listed_without_a_class(people: Cast) -> None:
    with database.transaction() as db:
        people.max.person.status = "inactive"
        db.add(people.max.person)
        new = casting.person(db, first_name="Nina")
    begin(people, planned(next_year(people)))
    with database.reading() as db:
        assert db.get_one(Person, people.max.person.id).section_id == people.class_7b.id
        assert list(db.scalars(table.without_class(db))) == [new.id]
        assert list(db.scalars(table.accounts_of_leavers())) == [people.otto.account.id]


def test_staff_and_guardians_who_left_are_leavers_too_and_are_deactivated_with_them(people: Cast) -> None:
    gone = [member.person.id or 0 for member in (people.tom, people.gina)]
    with database.transaction() as db:
        db.execute(sa.update(Person).where(col(Person.id).in_(gone)).values(status="left"))
        assert set(db.scalars(table.accounts_of_leavers())) == {people.tom.account.id, people.gina.account.id}
        ask = {"act": Act.DEACTIVATE, "selection_id": selections_beside.of_leavers(db, people.ada.actor)}
        seen = account_acts.check(db, people.ada.actor, **ask).seen  # type: ignore[arg-type]
        assert account_acts.carry_out(db, people.ada.actor, seen=seen, **ask).done == 2  # type: ignore[arg-type]
        assert list(db.scalars(table.accounts_of_leavers())) == []


def roles_of(account: Account) -> list[tuple[int | None, list[int]]]:
    with database.reading() as db:
        mine = select(AccountRole).where(AccountRole.account_id == account.id).order_by(col(AccountRole.id))
        return [(role.period_id, role.section_ids) for role in db.exec(mine)]


def test_a_role_for_a_class_goes_to_the_class_of_the_same_name_or_up_with_the_students(people: Cast) -> None:
    with database.transaction() as db:
        casting.person(db, in_section=casting.section(db, period=people.period, title="6B", grade="6"))
    year = next_year(people)
    change = begin(people, planned(year, roles=RolesFollow.TITLE))
    with database.reading() as db:
        new = {s.title: s.id for s in db.exec(select(Section).where(Section.period_id == year))}
        actor = actors.of_account(db, people.cora.account, session_id="s", ip=None)
    assert roles_of(people.cora.account) == [(None, [new["7B"]])]
    assert actor.scope.section_ids == {new["7B"]}
    undo(people, change)
    assert roles_of(people.cora.account) == [(None, [people.class_7b.id])]
    begin(people, planned(year, roles=RolesFollow.STUDENTS))
    with database.reading() as db:
        new = {s.title: s.id for s in db.exec(select(Section).where(Section.period_id == year))}
    assert roles_of(people.tom.account) == [(None, [new["8B"]])]


def test_roles_of_the_old_year_are_given_for_the_new_one_but_not_to_leavers(people: Cast) -> None:
    period_id = people.period.id
    with database.transaction() as db:
        held = col(AccountRole.account_id).in_([people.sam.account.id, people.otto.account.id, people.tom.account.id])
        db.execute(sa.update(AccountRole).where(held).values(period_id=period_id))
    year = next_year(people)
    plan = planned(year, roles=RolesFollow.STUDENTS)
    assert foresee(people, plan).roles == 3  # Sam's, Tom's and Cora's; Otto leaves
    begin(people, plan)
    assert [period for period, _sections in roles_of(people.sam.account)] == [period_id, year]
    assert [period for period, _sections in roles_of(people.otto.account)] == [period_id]
    with database.reading() as db:
        sam = actors.of_account(db, people.sam.account, session_id="s", ip=None)
        otto = actors.of_account(db, people.otto.account, session_id="s", ip=None)
    assert (sam.roles, otto.roles) == ({Role.STUDENT}, frozenset())
    (_old, before), (_new, after) = roles_of(people.tom.account)
    assert before == [people.class_7b.id]
    assert len(after) == 1


def test_undo_restores_every_row_exactly(people: Cast) -> None:
    plan = planned(next_year(people))
    before = snapshot()
    change = begin(people, plan)
    assert snapshot() != before
    assert undo(people, change) == 3
    assert snapshot() == before
    with pytest.raises(NotFound):
        undo(people, change)
    with database.reading() as db:
        assert db.exec(select(YearMove)).first() is None
        assert audit.verify(db).broken_at is None


def _edit(people: Cast) -> None:
    with database.transaction() as db:
        sam = db.get_one(Person, people.sam.person.id)
        students.save_profile(db, people.ada.actor, person_id=sam.id or 0, seen=sam.updated_at, first_name="Samuel")


def _import(people: Cast) -> None:
    with database.transaction() as db:
        counts = {"created": 0, "changed": 0, "unchanged": 0, "left": 0}
        named = {"applied_by": "ada", "source": "f.csv", "format": "list", "digest": "d"}
        db.add(ImportRun(applied_at=core_clock.now(), **named, **counts))


def _newcomer(people: Cast) -> None:
    with database.transaction() as db:
        section = db.exec(select(Section).where(Section.title == "8B")).one()
        casting.person(db, in_section=section)


def _role(people: Cast) -> None:
    gift = account_acts.Gift(Role.COORDINATOR, everybody=True)
    with database.transaction() as db:
        act, ids = account_acts.Act.GIVE_ROLE, [people.olga.account.id or 0]
        seen = account_acts.check(db, people.ada.actor, act=act, account_ids=ids, gift=gift)
        account_acts.carry_out(db, people.ada.actor, act=act, account_ids=ids, gift=gift, seen=seen.seen)


@pytest.mark.parametrize("newer", [_edit, _import, _newcomer, _role])
def test_undo_refuses_when_something_newer_happened_and_changes_nothing(
    people: Cast, clock: Clock, newer: Callable[[Cast], None]
) -> None:
    with database.transaction() as db:
        casting.just_signed_in(db, people.ada.actor)
    change = begin(people, planned(next_year(people)))
    clock.forward(minutes=1)
    newer(people)
    after = snapshot()
    with pytest.raises(Conflict, match="cannot be undone any more"):
        undo(people, change)
    assert snapshot() == after


def test_only_the_latest_year_can_be_undone(people: Cast) -> None:
    first = begin(people, planned(next_year(people)))
    with database.transaction() as db:
        later = periods.create(
            db, people.ada.actor, title="2028-2029", starts_on=date(2028, 9, 1), ends_on=date(2029, 6, 30)
        )
    begin(people, planned(later))
    with pytest.raises(NotFound, match="another year has begun"):
        undo(people, first)


def test_a_year_whose_classes_came_by_import_only_becomes_the_current_one(people: Cast) -> None:
    year = next_year(people)
    with database.transaction() as db:
        period = db.get_one(AcademicPeriod, year)
        section = casting.section(db, period=period, title="7B")
        sam = db.get_one(Person, people.sam.person.id)
        db.add(Enrolment(section_id=section.id or 0, person_id=sam.id or 0, kind=EnrolmentKind.LEARNER))
    before = snapshot()
    change = begin(people, planned(year, moves=False))
    assert roles_of(people.cora.account) == [(None, [section.id])]
    with database.reading() as db:
        assert db.get_one(Person, people.sam.person.id).section_id == people.class_7b.id
        without = set(db.scalars(table.without_class(db)))
        assert without == {people.max.person.id, people.otto.person.id}
    undo(people, change)
    assert snapshot() == before


def test_what_changed_since_it_was_looked_at_is_refused_with_the_new_number(people: Cast) -> None:
    plan = planned(next_year(people))
    seen = foresee(people, plan).seen
    with database.transaction() as db:
        casting.person(db, in_section=people.class_7b)
    with pytest.raises(Conflict, match="3 would go up now"), database.transaction() as db:
        years.begin(db, people.ada.actor, plan=plan, seen=seen)


def test_bad_years_are_refused_with_a_sentence(people: Cast) -> None:
    next_year(people)
    with pytest.raises(InputProblem, match="already"):
        next_year(people)
    with pytest.raises(InputProblem, match="ends before it begins"), database.transaction() as db:
        periods.create(db, people.ada.actor, title="x", starts_on=date(2027, 9, 1), ends_on=date(2027, 9, 1))
    with pytest.raises(Conflict, match="current year already"):
        foresee(people, Plan(people.period.id or 0))
    for who in (people.olga, people.cora, people.tom):
        with pytest.raises(NotAllowed), database.transaction() as db:
            periods.create(db, who.actor, title="y", starts_on=date(2027, 9, 1), ends_on=date(2028, 9, 1))
        with pytest.raises(NotAllowed), database.transaction() as db:
            year_undo.undo(db, who.actor, change_id=1)


def _correct(people: Cast, period_id: int, **fields: Any) -> None:
    known: dict[str, Any] = {"title": "2027-2028", "starts_on": date(2027, 9, 1), "ends_on": date(2028, 6, 30)}
    with database.transaction() as db:
        periods.correct(db, people.ada.actor, period_id=period_id, **known | fields)


def test_the_name_and_the_days_of_a_year_are_corrected_and_the_audit_tells_from_what_to_what(people: Cast) -> None:
    year = next_year(people)
    _correct(people, year, title="2027/28", starts_on=date(2027, 9, 13))
    with database.reading() as db:
        row = db.get_one(AcademicPeriod, year)
        assert (row.title, row.source_id, row.starts_on) == ("2027/28", "2027/28", date(2027, 9, 13))
        rows = audit_table.entries(db, people.ada.actor, filter=AuditFilter(actions=("year.corrected",)), page=Page())
    assert rows["more"][0] == "name: 2027-2028 → 2027/28 · first day: 2027-09-01 → 2027-09-13"
    with pytest.raises(InputProblem, match="already"):
        _correct(people, year, title="2026-2027")
    with pytest.raises(Conflict, match="already"):
        _correct(people, year, title="2027/28", starts_on=date(2027, 9, 13))
    with pytest.raises(InputProblem, match="first and the last day"):
        _correct(people, year, ends_on=None)


def test_years_do_not_overlap(people: Cast) -> None:
    year = next_year(people)
    with pytest.raises(InputProblem, match="in the year 2026-2027"):
        _correct(people, year, starts_on=date(2027, 6, 30))
    with pytest.raises(InputProblem, match="in the year 2027-2028"), database.transaction() as db:
        periods.create(db, people.ada.actor, title="x", starts_on=date(2028, 6, 30), ends_on=date(2029, 6, 30))


def _remove(people: Cast, period_id: int) -> None:
    with database.transaction() as db:
        periods.remove(db, people.ada.actor, period_id=period_id)


def test_a_year_that_nothing_refers_to_is_removed_and_any_other_stays(people: Cast) -> None:
    with pytest.raises(Conflict, match="current year"):
        _remove(people, people.period.id or 0)
    year = next_year(people)
    change = begin(people, planned(year))
    with pytest.raises(Conflict, match="it has classes"):
        _remove(people, people.period.id or 0)
    undo(people, change)
    with database.transaction() as db:
        held = casting.role(db, account=people.tom.account, role=Role.OFFICE)
        held.period_id = year
    with pytest.raises(Conflict, match="roles are held in it"):
        _remove(people, year)
    with database.transaction() as db:
        db.delete(db.get_one(AccountRole, held.id))
    _remove(people, year)
    with database.reading() as db:
        assert db.get(AcademicPeriod, year) is None
    with pytest.raises(NotFound, match="not there any more"):
        _remove(people, year)


def test_a_year_to_which_undo_leads_back_is_not_removed(people: Cast) -> None:
    change = begin(people, planned(next_year(people), moves=False))
    with database.transaction() as db:
        empty = casting.period(db, title="empty", is_current=False)
        stored = db.get_one(YearChange, change)
        stored.current_before = [empty.id or 0]
        db.add(stored)
    with pytest.raises(Conflict, match="current year once"):
        _remove(people, empty.id or 0)


CLASS = st.tuples(st.sampled_from("6789"), st.sampled_from("ABC"), st.integers(0, 4))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    school=st.lists(CLASS, min_size=1, max_size=6, unique_by=lambda one: one[:2]),
    statuses=st.lists(st.sampled_from(["registered", "inactive", "left", "applicant"]), min_size=4, max_size=4),
    roles=st.sampled_from(list(RolesFollow)),
    moves=st.booleans(),
)
def test_whatever_the_school_undo_after_begin_is_as_if_nothing_had_been(
    people: Cast, school: list[tuple[str, str, int]], statuses: list[str], roles: RolesFollow, moves: bool
) -> None:
    with database.transaction() as db:
        number = (db.scalar(sa.select(sa.func.count()).select_from(AcademicPeriod)) or 0) + 1
        period = casting.period(db, title=f"year {number}", is_current=False)
        now = db.exec(select(AcademicPeriod).where(AcademicPeriod.is_current)).one()
        for grade, letter, size in school:
            title = f"{grade}{letter}"
            named = select(Section).where(Section.title == title, Section.period_id == now.id)
            section = db.exec(named).first() or casting.section(db, period=now, title=title, grade=grade)
            for place in range(size):
                person = casting.person(db, in_section=section, status=statuses[place])
                account = casting.account(db, person=person, username=f"s{person.source_id}")
                casting.role(db, account=account, role=Role.STUDENT).period_id = now.id if place % 2 else None
    plan = planned(period.id or 0, moves=moves, roles=roles)
    before, foreseen = snapshot(), foresee(people, plan)
    change = begin(people, plan)
    with database.reading() as db:
        done = table.latest_change(db)
        assert done is not None
        assert (done.went_up, done.left) == (foreseen.go_up, foreseen.leave)
    undo(people, change)
    assert snapshot() == before
