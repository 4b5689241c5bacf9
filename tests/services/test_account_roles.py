"""Manage Roles/Periods: given, for whom, ended, brought back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import AccountRole, AuditEntry
from core.permissions import Role
from core.rules import account_acts
from core.rules.account_acts import Act, Gift, LeftOut
from core.services import account_changes, account_roles, open_session, sign_in
from core.services.account_changes import Undone
from core.tables import account_roles as held_roles
from core.tables import audit as audit_table
from core.tables.filters import AuditFilter, Page
from tests import cast as make
from tests.cast import Cast, Member
from tests.services.test_account_acts import account_id, carry_out, sign_in_as

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _roles(db: Session, member: Member) -> list[AccountRole]:
    db.expire_all()
    mine = select(AccountRole).where(AccountRole.account_id == account_id(member))
    return list(db.exec(mine.order_by(col(AccountRole.id))))


def test_a_role_is_given_for_a_period_and_some_classes_and_taken_back(cast: Cast) -> None:
    gift = Gift(Role.COORDINATOR, cast.period.id, section_ids=(cast.class_8a.id or 0,))
    with database.transaction() as db:
        done = carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, cast.sam, gift=gift)
        assert (done.done, done.left_out) == (1, {LeftOut.ROLE_DOES_NOT_FIT: 1})
        given = _roles(db, cast.tom)[-1]
        assert (given.role, given.period_id, given.everybody) == ("coordinator", cast.period.id, False)
        assert given.section_ids == [cast.class_8a.id]
        shown = held_roles.held(db, cast.ada.actor, account_id=account_id(cast.tom))[-1]
        assert (shown.period, shown.sections) == ("2026-2027", ("8A",))
        assert account_changes.undo(db, cast.ada.actor, change_id=done.change_id) == Undone(1, 0)
        assert [role.role for role in _roles(db, cast.tom)] == ["teacher"]


def test_a_role_of_every_period_is_given_once(cast: Cast) -> None:
    with database.transaction() as db:
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.OFFICE, everybody=True))
        with pytest.raises(Conflict, match="left out"):
            carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.OFFICE, everybody=True))
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.OFFICE, cast.period.id, True))
        assert [role.period_id for role in _roles(db, cast.tom)] == [None, None, cast.period.id]


def test_a_role_of_another_period_opens_nothing_now(cast: Cast) -> None:
    with database.transaction() as db:
        past = make.period(db, title="2025-2026", is_current=False)
        account_roles.end(db, cast.ada.actor, role_id=_roles(db, cast.tom)[0].id or 0)
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.TEACHER, past.id, everybody=True))
        candidate = sign_in.Candidate(account_id(cast.tom), "")
        opened = sign_in.open(db, cast.tom.actor, candidate=candidate, fits=True)
        assert opened is not None
        assert not opened.token


def test_an_ended_role_ends_what_is_open_and_comes_back_as_it_was(cast: Cast) -> None:
    with database.transaction() as db:
        token = sign_in_as(db, cast.tom)
        assert open_session.actor_of(db, token=token) is not None
        held, before = _roles(db, cast.tom)[0], _roles(db, cast.tom)[0].model_dump(exclude={"id"})
        made = account_roles.end(db, cast.ada.actor, role_id=held.id or 0)
        assert open_session.actor_of(db, token=token) is None
        assert account_changes.undo(db, cast.ada.actor, change_id=made) == Undone(1, 0)
        back = _roles(db, cast.tom)[0]
        assert back.model_dump(exclude={"id"}) == before


def test_the_scope_of_a_role_is_changed_and_brought_back(cast: Cast) -> None:
    with database.transaction() as db:
        role_id = _roles(db, cast.cora)[0].id or 0
        made = account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=True)
        assert (_roles(db, cast.cora)[0].everybody, _roles(db, cast.cora)[0].section_ids) == (True, [])
        with pytest.raises(InputProblem):
            account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=False)
        with pytest.raises(InputProblem):
            account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=False, section_ids=[999])
        assert account_changes.undo(db, cast.ada.actor, change_id=made) == Undone(1, 0)
        assert _roles(db, cast.cora)[0].section_ids == [cast.class_7b.id]


def test_a_role_changed_since_it_was_given_is_left_alone(cast: Cast) -> None:
    with database.transaction() as db:
        done = carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.OFFICE, everybody=True))
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=Gift(Role.COORDINATOR, everybody=True))
        office = _roles(db, cast.tom)[1].id or 0
        sections = [cast.class_7b.id or 0]
        account_roles.change_scope(db, cast.ada.actor, role_id=office, everybody=False, section_ids=sections)
        assert account_changes.undo(db, cast.ada.actor, change_id=done.change_id) == Undone(0, 1)


def test_the_last_administrator_keeps_the_role(cast: Cast) -> None:
    with database.transaction() as db, pytest.raises(Conflict, match="administer"):
        account_roles.end(db, cast.ada.actor, role_id=_roles(db, cast.ada)[0].id or 0)


def test_only_administrators_give_change_and_end_roles(cast: Cast) -> None:
    gift = Gift(Role.ADMINISTRATOR, everybody=True)
    with database.transaction() as db:
        role_id = _roles(db, cast.tom)[0].id or 0
        for member in (cast.olga, cast.cora, cast.tom, cast.sam):
            with pytest.raises(NotAllowed):
                carry_out(db, member.actor, Act.GIVE_ROLE, member, gift=gift)
            with pytest.raises(NotAllowed):
                account_roles.change_scope(db, member.actor, role_id=role_id, everybody=True)
            with pytest.raises(NotAllowed):
                account_roles.end(db, member.actor, role_id=role_id)
        with pytest.raises(NotFound):
            account_roles.end(db, cast.ada.actor, role_id=999_999)


def test_a_coordinator_sees_no_roles_beyond_the_own_classes(cast: Cast) -> None:
    with database.reading() as db:
        assert held_roles.held(db, cast.cora.actor, account_id=account_id(cast.otto)) == []
        assert len(held_roles.held(db, cast.cora.actor, account_id=account_id(cast.sam))) == 1


@pytest.mark.parametrize(
    "gift", [Gift(Role.OFFICE), Gift(Role.OFFICE, 99, True), Gift(Role.TEACHER, None, False, (99,))]
)
def test_a_gift_that_cannot_be_is_refused(cast: Cast, gift: Gift) -> None:
    with database.transaction() as db, pytest.raises(InputProblem):
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=gift)


def _entry(db: Session, action: str) -> AuditEntry:
    return db.exec(select(AuditEntry).where(AuditEntry.action == action)).one()


def test_the_audit_tells_which_role_was_given_for_whom_and_until_when_and_what_undo_took_back(cast: Cast) -> None:
    until = clock.today() + timedelta(days=30)
    gift = Gift(Role.COORDINATOR, cast.period.id, section_ids=(cast.class_8a.id or 0,), ends_on=until)
    told = {"role": "coordinator", "period": cast.period.id, "classes": [cast.class_8a.id], "until": until.isoformat()}
    with database.transaction() as db:
        done = carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.tom, gift=gift)
        entry = _entry(db, "accounts.give_role")
        assert (entry.object_id, {name: entry.details[name] for name in told}) == (account_id(cast.tom), told)
        account_changes.undo(db, cast.ada.actor, change_id=done.change_id)
        undone = _entry(db, "accounts.give_role.undone")
        assert undone.object_id == account_id(cast.tom)
        assert (undone.details["role"], undone.details["period"]) == ("coordinator", cast.period.id)
        rows = audit_table.entries(db, cast.ada.actor, filter=AuditFilter(), page=Page())
    assert list(rows["more"])[-1].endswith(f"role: coordinator · period: 2026-2027 · classes: 8A · until: {until}")


def test_the_audit_tells_the_new_scope_and_the_new_days_of_a_role_and_what_they_were(cast: Cast) -> None:
    until = clock.today() + timedelta(days=30)
    with database.transaction() as db:
        role_id = _roles(db, cast.tom)[0].id or 0
        was = account_acts.role_told(_roles(db, cast.tom)[0].model_dump())
        account_roles.change_scope(db, cast.ada.actor, role_id=role_id, everybody=True)
        told = _entry(db, "accounts.role_scope").details
        assert (told["everybody"], told["before"]) == (True, was)
        account_roles.change_dates(db, cast.ada.actor, role_id=role_id, starts_on=None, ends_on=until)
        newest = db.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc())).first()
        assert newest is not None and newest.details["until"] == until.isoformat()


def test_roles_are_audited(cast: Cast) -> None:
    with database.transaction() as db:
        role_id = _roles(db, cast.tom)[0].id or 0
        account_roles.end(db, cast.ada.actor, role_id=role_id)
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "accounts.role_ended")).one()
        assert (entry.object_kind, entry.object_id) == ("account", account_id(cast.tom))
