"""Saving a student: validated, audited, never over somebody else's change; an old address opens nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import Account, AuditEntry, Invitation, Person
from core.permissions import Actor, Scope
from core.services import selections, students
from core.services.students import Saved
from core.tables.filters import StudentFilter
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _sam(db: Session, cast: Cast) -> Person:
    return db.get_one(Person, cast.sam.person.id)


def _profile(db: Session, actor: Actor, person: Person, **changes: Any) -> Saved:
    names = ("first_name", "middle_name", "last_name", "status", "language", "use_personal_email", "personal_email")
    values = {name: getattr(person, name) for name in names} | changes
    assert person.id is not None
    return students.save_profile(db, actor, person_id=person.id, seen=person.updated_at, **values)


def _contact(db: Session, actor: Actor, person: Person, **changes: Any) -> Saved:
    values = {name: getattr(person, name) for name in ("contact_email", "mobile", "phone")} | changes
    assert person.id is not None
    return students.save_contact(db, actor, person_id=person.id, seen=person.updated_at, **values)


def _invite(db: Session, account: Account, address: str) -> None:
    now, ends = clock.now(), clock.now() + timedelta(days=7)
    keys = {"purpose": "link", "uid": address, "kid": "k", "token_hash": address, "channel": "email"}
    db.add(Invitation(account_id=account.id, address=address, issued_at=now, expires_at=ends, **keys))
    stored = db.get_one(Account, account.id)
    stored.invited_at, stored.invitation_ends_at = now, ends
    db.add(stored)
    db.flush()


def test_what_follows_from_a_name_and_an_address_is_stored_with_it(cast: Cast, clock: Clock) -> None:
    clock.forward(minutes=1)
    with database.transaction() as db:
        saved = _profile(db, cast.olga.actor, _sam(db, cast), last_name="  Ζαχαρία ", personal_email="new@mail.example")
        assert saved.fields == ("last_name", "personal_email")
    with database.reading() as db:
        sam = _sam(db, cast)
        assert (sam.last_name, sam.sort_name, sam.personal_email_valid) == ("Ζαχαρία", "ζαχαρια sam", True)
        assert "new@mail.example" in sam.search_text
        assert sam.updated_at == clock.now


def test_the_audit_names_the_fields_and_no_contents(cast: Cast) -> None:
    with database.transaction() as db:
        _contact(db, cast.olga.actor, _sam(db, cast), contact_email="secret@mail.example")
        entry = db.exec(select(AuditEntry)).one()
    assert (entry.action, entry.object_id) == ("student.contact_saved", cast.sam.person.id)
    assert entry.details == {"fields": ["contact_email"], "invitations_ended": 0}


def test_saving_without_a_change_changes_and_audits_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        assert _profile(db, cast.olga.actor, _sam(db, cast)) == Saved((), 0)
        assert db.exec(select(AuditEntry)).all() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("personal_email", "no address"),
        ("first_name", " "),
        ("last_name", "x" * 101),
        ("last_name", "a\u202eb"),
        ("status", "king"),
        ("language", "xx"),
    ],
)
def test_a_profile_that_cannot_be_names_its_field_and_stores_nothing(cast: Cast, field: str, value: str) -> None:
    with pytest.raises(InputProblem) as problem, database.transaction() as db:
        _profile(db, cast.olga.actor, _sam(db, cast), **{field: value})
    assert problem.value.field == field
    with database.reading() as db:
        now, before = _sam(db, cast), cast.sam.person
        assert (getattr(now, field), now.updated_at) == (getattr(before, field), before.updated_at)


@pytest.mark.parametrize(
    ("field", "value"), [("contact_email", "a@"), ("mobile", "12"), ("mobile", "2101234567"), ("phone", "call me")]
)
def test_a_contact_that_cannot_be_names_its_field(cast: Cast, field: str, value: str) -> None:
    with pytest.raises(InputProblem) as problem, database.transaction() as db:
        _contact(db, cast.olga.actor, _sam(db, cast), **{field: value})
    assert problem.value.field == field


def test_a_mobile_is_stored_as_e164(cast: Cast) -> None:
    with database.transaction() as db:
        _contact(db, cast.olga.actor, _sam(db, cast), mobile="691 234 5678")
    with database.reading() as db:
        assert (_sam(db, cast).mobile, _sam(db, cast).mobile_region) == ("+306912345678", "GR")


def test_the_second_to_save_is_told_and_loses_nothing_of_the_first(cast: Cast, clock: Clock) -> None:
    with database.reading() as db:
        seen_by_both = _sam(db, cast)
    clock.forward(seconds=1)
    with database.transaction() as db:
        _contact(db, cast.olga.actor, seen_by_both, contact_email="first@mail.example")
    with pytest.raises(Conflict), database.transaction() as db:
        _contact(db, cast.ada.actor, seen_by_both, contact_email="second@mail.example")
    with database.reading() as db:
        assert _sam(db, cast).contact_email == "first@mail.example"


def test_a_changed_address_ends_the_links_that_went_to_the_old_one(cast: Cast) -> None:
    with database.transaction() as db:
        sam = _sam(db, cast)
        _invite(db, cast.sam.account, sam.personal_email)
        assert _profile(db, cast.olga.actor, sam, personal_email="new@mail.example").invitations_ended == 1
        invitation = db.exec(select(Invitation)).one()
        db.refresh(invitation)
        assert (invitation.superseded_at, invitation.superseded_because) == (clock.now(), "address_changed")
        account = db.get_one(Account, cast.sam.account.id)
        db.refresh(account)
        assert account.invitation_ends_at == clock.now()


def test_another_change_leaves_open_links_alone(cast: Cast) -> None:
    with database.transaction() as db:
        _invite(db, cast.sam.account, cast.sam.person.personal_email)
        assert _profile(db, cast.olga.actor, _sam(db, cast), first_name="Samuel").invitations_ended == 0
        assert _contact(db, cast.olga.actor, _sam(db, cast), contact_email="c@mail.example").invitations_ended == 0


def test_only_those_who_may_edit_save_and_only_students(cast: Cast) -> None:
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam, cast.gina):
            with pytest.raises(NotAllowed):
                _contact(db, member.actor, _sam(db, cast), contact_email="x@mail.example")
        with pytest.raises(NotFound):
            _contact(db, cast.olga.actor, cast.gina.person, contact_email="x@mail.example")


def test_use_personal_email_is_switched_for_the_whole_selection(cast: Cast) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        selections.everything(db, olga, list_name="students", filter=StudentFilter(text="sideris"))
        chosen = selections.current(db, olga, list_name="students").id or 0
        shown = students.check_personal_email(db, olga, selection_id=chosen, on=False)
        assert shown.will == 2
        assert students.use_personal_email(db, olga, selection_id=chosen, on=False, seen=shown.seen).changed == 2
        assert students.check_personal_email(db, olga, selection_id=chosen, on=False).will == 0
    with database.reading() as db:
        assert not _sam(db, cast).use_personal_email
        assert db.get_one(Person, cast.otto.person.id).use_personal_email


def test_a_wrong_value_of_old_days_does_not_block_other_changes(cast: Cast) -> None:
    with database.transaction() as db:
        sam = _sam(db, cast)
        sam.personal_email, sam.mobile = "not an address", "12345"
        db.add(sam)
    with database.transaction() as db:
        assert _profile(db, cast.olga.actor, _sam(db, cast), first_name="Samuel").fields == ("first_name",)
    with database.transaction() as db:
        assert _contact(db, cast.olga.actor, _sam(db, cast), phone="2101234567").fields == ("phone",)
    with database.reading() as db, pytest.raises(InputProblem):
        _profile(db, cast.olga.actor, _sam(db, cast), personal_email="another that is none")


def test_class_code_grade_programme_and_microsoft_address_are_changed_on_the_card(cast: Cast) -> None:
    wanted = {"section_id": cast.class_8a.id, "source_id": "S99", "grade": "8", "programme": "Science"}
    with database.transaction() as db:
        assert set(_profile(db, cast.olga.actor, _sam(db, cast), **wanted).fields) == set(wanted)
    with database.transaction() as db:
        _contact(db, cast.olga.actor, _sam(db, cast), external_email="sam@school.example")
    with database.reading() as db:
        sam = _sam(db, cast)
        assert (sam.section_id, sam.source_id, sam.sort_grade) == (cast.class_8a.id, "S99", "000008")
        assert sam.external_email == "sam@school.example"


def test_nobody_moves_a_student_to_where_they_could_not_see_them(cast: Cast) -> None:
    narrow = replace(cast.olga.actor, scope=Scope(section_ids=frozenset({cast.class_7b.id or 0})))
    for section_id in (None, cast.class_8a.id):
        with pytest.raises(InputProblem, match=r"[Cc]lass"), database.transaction() as db:
            _profile(db, narrow, _sam(db, cast), section_id=section_id)


def test_a_switch_is_undone_for_just_those_it_changed(cast: Cast) -> None:
    with database.transaction() as db:
        quiet = db.get_one(Person, cast.max.person.id)
        quiet.use_personal_email = False
        db.add(quiet)
        selections.everything(db, cast.olga.actor, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
        before = _switches(db)
        now = students.check_personal_email(db, cast.olga.actor, selection_id=chosen, on=True)
        done = students.use_personal_email(db, cast.olga.actor, selection_id=chosen, on=True, seen=now.seen)
        back = students.check_personal_email(db, cast.olga.actor, selection_id=done.switched, on=False)
        assert back.will == done.changed == now.will
        students.use_personal_email(db, cast.olga.actor, selection_id=done.switched, on=False, seen=back.seen)
        assert _switches(db) == before


def _switches(db: Session) -> dict[int, bool]:
    db.expire_all()
    return {person.id or 0: person.use_personal_email for person in db.exec(select(Person))}
