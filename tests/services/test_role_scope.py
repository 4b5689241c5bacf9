"""A role for whole grades or schools, and from when to when: what its holder sees follows (R62)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from core import database
from core.errors import Conflict, InputProblem, NotAllowed
from core.models import AccountRole, Guardianship, SchoolSettings, Section
from core.permissions import Role
from core.rules.account_acts import Act, Gift
from core.services import account_changes, account_roles
from core.tables import account_roles as held_roles
from core.tables import actors, scope, staff, students
from core.tables.filters import Page, StudentFilter
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.services.test_account_acts import account_id, carry_out

pytestmark = pytest.mark.both_databases


def _role(db: Session, member: Member) -> AccountRole:
    db.expire_all()
    return db.exec(select(AccountRole).where(AccountRole.account_id == account_id(member))).one()


def _sees(member: Member) -> set[str]:
    with database.reading() as db:
        actor = actors.of_account(db, member.account, session_id="s", ip=None)
        if not actor.roles:
            return set()
        return set(students.page(db, actor, filter=StudentFilter(), page=Page())["source_id"])


def test_a_coordinator_of_a_grade_sees_its_classes_and_those_it_gets_later(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        change = account_roles.change_scope(
            db, cast.ada.actor, role_id=_role(db, cast.cora).id or 0, everybody=False, grades=("8",)
        )
    assert _sees(cast.cora) == {"S3"}
    with database.transaction() as db:
        b8 = make.section(db, period=cast.period, title="8B", grade="8")
        make.person(db, in_section=b8, source_id="S9")
    assert _sees(cast.cora) == {"S3", "S9"}
    with database.transaction() as db:
        account_changes.undo(db, cast.ada.actor, change_id=change)
    assert _sees(cast.cora) == {"S1", "S2"}


def test_a_coordinator_of_a_school_sees_the_classes_of_that_school_alone(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        east = db.get_one(Section, cast.class_8a.id)
        east.school = "East"
        db.add(east)
        db.flush()
        role_id = _role(db, cast.cora).id or 0
        account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=False, schools=("East",))
    assert _sees(cast.cora) == {"S3"}


def test_classes_of_the_grade_in_another_period_are_not_seen(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        past = make.period(db, title="2025-2026", is_current=False)
        old = make.section(db, period=past, title="8C", grade="8")
        make.person(db, in_section=old, source_id="S8")
        role_id = _role(db, cast.cora).id or 0
        account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=False, grades=("8",))
    assert _sees(cast.cora) == {"S3"}


def test_r62_a_role_holds_from_its_first_day_to_its_last(cast: Cast, clock: Clock) -> None:
    today = clock.now.date()
    with database.transaction() as db:
        role_id = _role(db, cast.cora).id or 0
        days = {"starts_on": date(2026, 11, 24), "ends_on": date(2026, 11, 25)}
        account_roles.change_dates(db, cast.ada.actor, role_id=role_id, **days)
    assert today == date(2026, 11, 23) and _sees(cast.cora) == set()
    clock.forward(days=1)
    assert _sees(cast.cora) == {"S1", "S2"}
    clock.forward(days=2)
    assert _sees(cast.cora) == set()


def test_a_role_is_given_for_a_grade_with_its_days(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        gift = Gift(Role.COORDINATOR, grades=("8",), ends_on=date(2026, 12, 1))
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=gift)
        given = held_roles.held(db, cast.ada.actor, account_id=account_id(cast.tom))[-1]
    assert (given.grades, given.starts_on, given.ends_on) == (("8",), None, date(2026, 12, 1))
    assert _sees(cast.tom) == {"S1", "S2", "S3"}


def test_days_that_end_before_they_begin_and_a_role_for_nobody_are_refused(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        role_id = _role(db, cast.cora).id or 0
        days = {"starts_on": date(2026, 12, 2), "ends_on": date(2026, 12, 1)}
        with pytest.raises(InputProblem, match="before its first"):
            account_roles.change_dates(db, cast.ada.actor, role_id=role_id, **days)
        with pytest.raises(InputProblem, match="for nobody yet"):
            account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=False)
        with pytest.raises(Conflict, match="exactly these days"):
            account_roles.change_dates(db, cast.ada.actor, role_id=role_id, starts_on=None, ends_on=None)


def test_the_last_administrator_cannot_be_given_an_end_in_the_past(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db, pytest.raises(Conflict, match="nobody could administer"):
        role_id = _role(db, cast.ada).id or 0
        days = {"starts_on": None, "ends_on": date(2026, 11, 1)}
        account_roles.change_dates(db, cast.ada.actor, role_id=role_id, **days)


def test_the_list_of_staff_says_who_holds_what_to_administrators_alone(cast: Cast, clock: Clock) -> None:
    with database.reading() as db:
        rows = staff.page(db, cast.ada.actor, page=Page())
        assert list(rows["first_name"]) == ["Ada", "Cora", "Olga", "Tom"]
        assert [[held.role for held in roles] for roles in rows["roles"]] == [
            ["administrator"],
            ["coordinator"],
            ["office"],
            ["teacher"],
        ]
        assert list(staff.page(db, cast.ada.actor, text="cora", page=Page())["last_name"]) == ["Cole"]
        assert staff.count(db, cast.ada.actor) == 4
        with pytest.raises(NotAllowed):
            staff.page(db, cast.olga.actor, page=Page())


@pytest.mark.parametrize(
    ("zone", "last_hour", "next_day"),
    [
        ("Europe/Athens", datetime(2026, 11, 23, 21, 59, tzinfo=UTC), datetime(2026, 11, 23, 22, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 24, 4, 59, tzinfo=UTC), datetime(2026, 11, 24, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_the_midnight_of_the_school(
    cast: Cast, clock: Clock, zone: str, last_hour: datetime, next_day: datetime
) -> None:
    """Roles and guardianships hold to the end of their last day, and begin with their first."""
    until, begins = date(2026, 11, 23), date(2026, 11, 24)
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(time_zone=zone))
        db.execute(sa.update(AccountRole).where(AccountRole.id == _role(db, cast.cora).id).values(ends_on=until))
        db.execute(sa.update(Guardianship).values(ends_on=until))
        db.execute(sa.update(AccountRole).where(AccountRole.id == _role(db, cast.tom).id).values(starts_on=begins))
    clock.set(last_hour)
    assert _sees(cast.cora) == {"S1", "S2"} and not _sees(cast.tom)
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(scope.holds_today())) == 2
    clock.set(next_day)
    assert not _sees(cast.cora) and _sees(cast.tom)
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).where(scope.holds_today())) == 0
