"""Making accounts: for the selection, all or nobody, with usernames, roles and reasons."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from core import database
from core.errors import Conflict, InputProblem, NotAllowed
from core.models import Account, AccountRole, AuditEntry, Person, SchoolSettings
from core.permissions import Actor
from core.rules.new_accounts import AccountRefusal
from core.services import accounts, selections
from core.services.accounts import Created
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def _select_all(db: Session, actor: Actor) -> int:
    selections.everything(db, actor, list_name="students", filter=StudentFilter())
    return selections.current(db, actor, list_name="students").id or 0


def _newcomers(db: Session, cast: Cast) -> tuple[Person, Person]:
    first = make.person(db, first_name="Μαρία", last_name="Παπαδοπούλου", in_section=cast.class_7b)
    return first, make.person(db, first_name="Μάρθα", last_name="Παπαδοπούλου", in_section=cast.class_8a)


def _create(db: Session, actor: Actor, **whom: Any) -> Created:
    """What the window of the act does: look, then make exactly that."""
    return accounts.create(db, actor, seen=accounts.preview(db, actor, **whom).seen, **whom)


def test_r64_accounts_are_made_only_as_they_were_shown(cast: Cast) -> None:
    with database.transaction() as db:
        first, second = _newcomers(db, cast)
        ids = [first.id or 0, second.id or 0]
        seen = accounts.preview(db, cast.olga.actor, person_ids=ids).seen
        with pytest.raises(Conflict, match="now 1 accounts"):
            accounts.create(db, cast.olga.actor, seen=seen, person_ids=ids[:1])
        make.account(db, person=make.person(db), username="mpapadopoulou")
        with pytest.raises(Conflict, match="other usernames"):
            accounts.create(db, cast.olga.actor, seen=seen, person_ids=ids)


def test_new_students_get_usernames_roles_and_the_others_reasons(cast: Cast) -> None:
    with database.transaction() as db:
        newcomers = _newcomers(db, cast)
        made = _create(db, cast.olga.actor, selection_id=_select_all(db, cast.olga.actor))
        assert made.done == 2
        assert {skipped.reason for skipped in made.skipped} == {AccountRefusal.HAS_ONE}
        rows = db.exec(select(Account).where(Account.person_id.in_([p.id for p in newcomers]))).all()  # type: ignore[attr-defined]
        assert {row.username for row in rows} == {"mpapadopoulou", "mpapadopoulou2"}
        assert {row.user_type for row in rows} == {"student"}
        for row in rows:
            role = db.exec(select(AccountRole).where(AccountRole.account_id == row.id)).one()
            assert (role.role, role.everybody, role.section_ids) == ("student", False, [])


@pytest.mark.parametrize("user_type", ["partner", "alumnus", "agent"])
def test_whoever_does_not_work_at_the_school_gets_an_account_of_the_type_chosen_and_no_role(
    cast: Cast, user_type: str
) -> None:
    with database.transaction() as db:
        person = make.person(db, kind="staff", first_name="Petra", last_name="Partner", status="active")
        assert _create(db, cast.olga.actor, person_ids=[person.id or 0], user_type=user_type).done == 1
        account = db.exec(select(Account).where(Account.person_id == person.id)).one()
        assert account.user_type == user_type
        assert db.exec(select(AccountRole).where(AccountRole.account_id == account.id)).first() is None


@pytest.mark.parametrize("user_type", ["administrator", "student", "king"])
def test_no_other_user_type_is_chosen_for_an_account(cast: Cast, user_type: str) -> None:
    with database.reading() as db, pytest.raises(InputProblem) as problem:
        accounts.preview(db, cast.olga.actor, person_ids=[cast.sam.person.id or 0], user_type=user_type)
    assert problem.value.field == "user_type"


def test_a_user_type_chosen_for_staff_changes_no_student(cast: Cast) -> None:
    with database.transaction() as db:
        new, _other = _newcomers(db, cast)
        plan = accounts.preview(db, cast.olga.actor, person_ids=[new.id or 0], user_type="agent")
    assert [one.user_type for one in plan.new] == ["student"]


def test_the_preview_is_what_creating_does_and_changes_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        _newcomers(db, cast)
        chosen = _select_all(db, cast.olga.actor)
    with database.reading() as db:
        seen = [new.username for new in accounts.preview(db, cast.olga.actor, selection_id=chosen).new]
    with database.transaction() as db:
        _create(db, cast.olga.actor, selection_id=chosen)
        assert accounts.preview(db, cast.olga.actor, selection_id=chosen).new == ()
        assert set(seen) <= set(db.scalars(select(Account.username)))


def test_the_audit_counts_and_holds_ids_but_no_names(cast: Cast) -> None:
    with database.transaction() as db:
        first, second = _newcomers(db, cast)
        _create(db, cast.olga.actor, person_ids=[first.id or 0, second.id or 0])
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "accounts.created")).one()
        assert entry.details["created"] == 2
        assert "apadopoulou" not in str(entry.details)


def test_with_microsoft_365_the_address_becomes_the_username_and_who_has_none_is_skipped(cast: Cast) -> None:
    with database.transaction() as db:
        school = db.get_one(SchoolSettings, 1)
        school.microsoft = True
        db.add(school)
        _newcomers(db, cast)
        make.person(db, first_name="Nora", last_name="New", external_email="Nora@school.example")
        made = _create(db, cast.olga.actor, selection_id=_select_all(db, cast.olga.actor))
        nora = db.exec(select(Account).where(Account.username_key == "nora@school.example")).one()
        assert (made.done, nora.username, nora.sign_in_method) == (1, "Nora@school.example", "microsoft")
        reasons = [skipped.reason for skipped in made.skipped]
        assert reasons.count(AccountRefusal.NO_MICROSOFT_ADDRESS) == 2


def test_guardians_and_teachers_are_made_by_their_ids(cast: Cast) -> None:
    with database.transaction() as db:
        guardian = make.person(db, kind="guardian", first_name="Greta", last_name="Guard")
        teacher = make.person(db, kind="staff", first_name="Tina", last_name="Teach", in_section=cast.class_8a)
        left = make.person(db, kind="guardian", first_name="Lea", last_name="Left", status="inactive")
        ids = [person.id or 0 for person in (guardian, teacher, left)]
        made = _create(db, cast.olga.actor, person_ids=ids)
        assert (made.done, [skipped.reason for skipped in made.skipped]) == (2, [AccountRefusal.STATUS])
        held = {
            role.role: role.section_ids
            for role in db.exec(select(AccountRole).order_by(AccountRole.id.desc()).limit(2))
        }  # type: ignore[union-attr]
        assert held == {"guardian": [], "teacher": [cast.class_8a.id]}


def test_only_the_office_makes_accounts_and_never_for_nobody(cast: Cast) -> None:
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam, cast.gina):
            with pytest.raises(NotAllowed):
                accounts.create(db, member.actor, seen="", person_ids=[1])
        with pytest.raises(InputProblem):
            accounts.create(db, cast.olga.actor, seen="")


def test_the_guardians_of_selected_students_get_accounts_and_so_does_a_whole_kind(cast: Cast) -> None:
    with database.transaction() as db:
        of_sam, of_otto = (make.person(db, kind="guardian", status="active", last_name=name) for name in ("Ab", "Oz"))
        make.guardianship(db, student=cast.sam.person, guardian=of_sam)
        make.guardianship(db, student=cast.otto.person, guardian=of_otto)
        selections.tick(
            db, cast.olga.actor, list_name="students", on=[cast.sam.person.id or 0], off=[], filter=StudentFilter()
        )
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
        plan = accounts.preview(db, cast.olga.actor, selection_id=chosen, guardians=True)
        assert [new.person_id for new in plan.new] == [of_sam.id]
        assert {skipped.person_id for skipped in plan.skipped} == {cast.gina.person.id}
        assert _create(db, cast.olga.actor, selection_id=chosen, guardians=True).done == 1
        plan = accounts.preview(db, cast.olga.actor, kind="guardian")
        assert [new.person_id for new in plan.new] == [of_otto.id]
        assert plan.skipped == ()
