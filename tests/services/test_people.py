"""Registering people and changing their e-mail: once, validated, in scope; the old address ends and is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import (
    Account,
    AuditEntry,
    Campaign,
    Enrolment,
    Guardianship,
    Invitation,
    Message,
    MessageStatus,
    Person,
)
from core.permissions import Actor, Role, Scope
from core.rules.delivery_status import Outcome
from core.services import classes_taught, delivery, people, wordings
from core.services.people import Tie
from core.tables import codes
from tests import cast as make
from tests.cast import Cast

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _new(db: Session, actor: Actor, **changes: Any) -> int:
    values: dict[str, Any] = {
        "kind": "student",
        "source_id": "S900",
        "first_name": "Nora",
        "last_name": "Νέα",
        "status": "registered",
        "language": "el",
    }
    return people.create(db, actor, **(values | changes))


def _guardian(**changes: Any) -> dict[str, Any]:
    names = {"source_id": "G900", "first_name": "Greta", "last_name": "Νέα", "status": "active"}
    return names | {"contact_email": "greta@mail.example"} | changes


def test_a_new_student_stands_in_the_class_with_everything_that_follows(cast: Cast) -> None:
    with database.transaction() as db:
        made = _new(db, cast.olga.actor, section_id=cast.class_7b.id, mobile="691 234 5678")
        nora = db.get_one(Person, made)
        assert (nora.section_id, nora.sort_name, nora.mobile) == (cast.class_7b.id, "νεα nora", "+306912345678")
        enrolled = db.exec(select(Enrolment).where(Enrolment.person_id == made)).one()
        assert (enrolled.section_id, enrolled.kind) == (cast.class_7b.id, "learner")
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "person.created")).one()
        assert (entry.object_id, entry.details) == (made, {"kind": "student"})


def test_the_same_form_sent_twice_makes_one_person_and_one_guardianship(cast: Cast) -> None:
    ties = (Tie(new=_guardian(), relation="mother"),)
    with database.transaction() as db:
        first = _new(db, cast.olga.actor, ties=ties)
    with database.transaction() as db:
        assert _new(db, cast.olga.actor, ties=ties) == first
        assert len(db.exec(select(Guardianship).where(Guardianship.student_id == first)).all()) == 1


def test_a_code_that_somebody_has_is_refused_with_a_free_one(cast: Cast) -> None:
    with pytest.raises(InputProblem) as problem, database.transaction() as db:
        _new(db, cast.olga.actor, source_id="S3")
    assert (problem.value.field, problem.value.hint) == ("source_id", "Free is S4.")


def test_guardians_come_with_the_student_new_ones_and_known_ones(cast: Cast) -> None:
    with database.transaction() as db:
        ties = (
            Tie(person_id=cast.gina.person.id, relation="aunt"),
            Tie(new=_guardian(), relation="mother", priority=2),
        )
        made = _new(db, cast.olga.actor, ties=ties)
        links = db.exec(select(Guardianship).where(Guardianship.student_id == made)).all()
        greta = db.exec(select(Person).where(Person.source_id == "G900")).one()
        assert {(link.guardian_id, link.relation) for link in links} == {
            (cast.gina.person.id, "aunt"),
            (greta.id, "mother"),
        }


def test_nothing_is_stored_when_the_guardian_in_the_same_form_cannot_be(cast: Cast) -> None:
    with pytest.raises(InputProblem), database.transaction() as db:
        _new(db, cast.olga.actor, ties=(Tie(new=_guardian(contact_email="nonsense")),))
    with database.reading() as db:
        assert db.exec(select(Person).where(Person.source_id == "S900")).first() is None


def test_staff_are_registered_with_the_classes_they_teach(cast: Cast) -> None:
    both = (cast.class_7b.id or 0, cast.class_8a.id or 0)
    with database.transaction() as db:
        made = _new(db, cast.olga.actor, kind="staff", status="active", teaches=both)
        rows = db.exec(select(Enrolment).where(Enrolment.person_id == made)).all()
        assert {(row.section_id, row.kind) for row in rows} == {(both[0], "teacher"), (both[1], "teacher")}


def test_the_classes_that_somebody_teaches_are_changed_with_their_own_kept_for_other_years(cast: Cast) -> None:
    with database.transaction() as db:
        past = make.section(db, period=make.period(db, title="2025-2026", is_current=False), title="6A")
        nora = make.person(db, kind="staff", in_section=past)
        both = [cast.class_7b.id or 0, cast.class_8a.id or 0]
        ask: Any = {"person_id": nora.id or 0}
        assert classes_taught.save(db, cast.olga.actor, **ask, seen=nora.updated_at, section_ids=both) == 2
        seen = db.scalars(select(Person.updated_at).where(Person.id == nora.id)).one()
        assert classes_taught.save(db, cast.olga.actor, **ask, seen=seen, section_ids=both) == 0
        with pytest.raises(InputProblem):
            classes_taught.save(db, cast.olga.actor, **ask, seen=seen, section_ids=[past.id or 0])
        assert classes_taught.save(db, cast.olga.actor, **ask, seen=seen, section_ids=both[1:]) == 1
        with pytest.raises(Conflict):
            classes_taught.save(db, cast.olga.actor, **ask, seen=clock.now() - timedelta(days=1), section_ids=[])
    with database.reading() as db:
        rows = db.exec(select(Enrolment).where(Enrolment.person_id == nora.id)).all()
        assert {(row.section_id, row.kind) for row in rows} == {(past.id, "teacher"), (cast.class_8a.id, "teacher")}
        entries = db.exec(select(AuditEntry).where(AuditEntry.action == "person.classes_saved")).all()
        assert [entry.details for entry in entries][-1] == {"classes": both[1:], "before": {"classes": sorted(both)}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "  "),
        ("last_name", "a\u202eb"),
        ("source_id", ""),
        ("status", "king"),
        ("language", "xx"),
        ("personal_email", "nobody"),
        ("mobile", "12"),
        ("section_id", 999999),
    ],
)
def test_what_cannot_be_names_its_field(cast: Cast, field: str, value: Any) -> None:
    with pytest.raises(InputProblem) as problem, database.transaction() as db:
        _new(db, cast.olga.actor, **{field: value})
    assert problem.value.field == field


def test_coordinators_teachers_and_families_register_and_change_nobody(cast: Cast) -> None:
    seen = cast.sam.person.updated_at
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam, cast.gina):
            with pytest.raises(NotAllowed):
                _new(db, member.actor)
            with pytest.raises(NotAllowed):
                people.save(db, member.actor, person_id=cast.sam.person.id or 0, seen=seen, first_name="X")
            with pytest.raises(NotAllowed):
                people.change_email(db, member.actor, account_id=cast.sam.account.id or 0, seen=seen, email="")


def test_an_office_of_one_class_reaches_nobody_beyond_it(cast: Cast) -> None:
    actor = Actor(
        "o", cast.olga.account.id, None, frozenset({Role.OFFICE}), Scope(False, frozenset({cast.class_7b.id or 0}))
    )
    with database.transaction() as db:
        with pytest.raises(InputProblem):
            _new(db, actor)
        with pytest.raises(InputProblem):
            _new(db, actor, section_id=cast.class_8a.id)
        with pytest.raises(NotFound):
            people.save(db, actor, person_id=cast.otto.person.id or 0, seen=cast.otto.person.updated_at, first_name="X")
        assert _new(db, actor, section_id=cast.class_7b.id)


def test_moving_to_another_class_moves_the_enrolment(cast: Cast) -> None:
    with database.transaction() as db:
        sam = cast.sam.person
        people.save(db, cast.olga.actor, person_id=sam.id or 0, seen=sam.updated_at, section_id=cast.class_8a.id)
        rows = db.exec(select(Enrolment).where(Enrolment.person_id == sam.id)).all()
        assert [row.section_id for row in rows] == [cast.class_8a.id]


def test_a_suggested_code_is_free_also_among_codes_of_another_kind(cast: Cast) -> None:
    with database.transaction() as db:
        for kind in ("student", "guardian", "staff"):
            assert _new(db, cast.olga.actor, kind=kind, status="active", source_id=codes.free(db, kind=kind))


# Add/Edit e-mail


def _invited(db: Session, account: Account, address: str) -> None:
    now, ends = clock.now(), clock.now() + timedelta(days=7)
    keys = {"purpose": "link", "uid": address, "kid": "k", "token_hash": address, "channel": "email"}
    db.add(Invitation(account_id=account.id, address=address, issued_at=now, expires_at=ends, **keys))
    stored = db.get_one(Account, account.id)
    stored.invited_at, stored.invitation_ends_at, stored.verified_at = now, ends, now
    db.add(stored)
    wordings.ensure_defaults(db)


def _change(db: Session, cast: Cast, email: str = "new@mail.example") -> people.Saved:
    sam = db.get_one(Person, cast.sam.person.id, populate_existing=True)
    return people.change_email(
        db, cast.olga.actor, account_id=cast.sam.account.id or 0, seen=sam.updated_at, email=email
    )


def test_a_changed_address_ends_its_links_and_the_old_one_is_told_without_the_new_one(cast: Cast) -> None:
    old = cast.sam.person.personal_email
    with database.transaction() as db:
        _invited(db, cast.sam.account, old)
        saved = _change(db, cast)
        assert (saved.fields, saved.invitations_ended) == (("personal_email",), 1)
        message, question = db.exec(select(Message).order_by(col(Message.id))).all()
        assert (message.campaign_id, message.address) == (saved.notices[0], old)
        assert (question.campaign_id, question.address) == (saved.notices[1], "new@mail.example")
    with database.transaction() as db:
        batch = delivery.open_batch(db, campaign_id=saved.notices[0], batch=0)
        assert batch is not None
        claim = delivery.claim(db, batch=batch, message_id=message.id or 0)
        assert claim is not None
        text = claim.text.subject + claim.text.text + claim.text.html
        assert "was changed" in text
        assert "new@mail.example" not in text and "/i/" not in text and cast.sam.account.username not in text
        delivery.record(db, message_id=message.id or 0, outcome=Outcome(MessageStatus.SENT))
    with database.reading() as db:
        account = db.get_one(Account, cast.sam.account.id)
        assert account.verified_at is not None and account.delivery is None and account.times_invited == 0
        assert len(db.exec(select(Invitation)).all()) == 1


def test_whoever_was_never_written_to_is_not_told(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        assert _change(db, cast).notices == ()
        assert db.exec(select(Campaign)).first() is None


def test_a_new_address_of_a_student_switches_use_personal_email_on(cast: Cast) -> None:
    with database.transaction() as db:
        sam = db.get_one(Person, cast.sam.person.id)
        sam.use_personal_email = False
        db.add(sam)
        db.flush()
        assert _change(db, cast).fields == ("personal_email", "use_personal_email")


def test_a_bad_address_or_a_stale_form_changes_nothing(cast: Cast) -> None:
    with pytest.raises(InputProblem), database.transaction() as db:
        _change(db, cast, "nobody")
    with pytest.raises(Conflict), database.transaction() as db:
        people.change_email(
            db,
            cast.olga.actor,
            account_id=cast.sam.account.id or 0,
            seen=cast.sam.person.updated_at - timedelta(days=1),
            email="a@mail.example",
        )


def test_the_office_does_not_change_where_an_administrator_is_written_to(cast: Cast) -> None:
    seen = cast.ada.person.updated_at
    with database.transaction() as db:
        with pytest.raises(NotAllowed):
            people.change_email(
                db, cast.olga.actor, account_id=cast.ada.account.id or 0, seen=seen, email="evil@mail.example"
            )
        with pytest.raises(NotAllowed):
            people.save(db, cast.olga.actor, person_id=cast.ada.person.id or 0, seen=seen, mobile="691 234 5678")
        saved = people.change_email(
            db,
            cast.ada.actor,
            account_id=cast.tom.account.id or 0,
            seen=cast.tom.person.updated_at,
            email="t@m.example",
        )
        assert saved.fields == ("contact_email",)


def test_names_that_are_no_names_are_only_text(cast: Cast) -> None:
    evil = "Robert'); DROP TABLE person;-- <b>"
    with database.transaction() as db:
        assert db.get_one(Person, _new(db, cast.olga.actor, first_name=evil)).first_name == evil


def test_r60_a_code_that_stands_for_somebody_out_of_scope_says_no_more_than_that_it_is_taken(cast: Cast) -> None:
    office = Actor(
        "office", cast.olga.account.id, roles=frozenset({Role.OFFICE}), scope=Scope(False, frozenset({_id(cast)}))
    )
    otto = cast.otto.person
    same = {
        name: getattr(otto, name)
        for name in ("source_id", "first_name", "last_name", "status", "grade", "language", "personal_email")
    } | {"use_personal_email": otto.use_personal_email}
    with database.transaction() as db:
        with pytest.raises(InputProblem) as of_the_same:
            people.create(db, office, kind="student", section_id=_id(cast), **same)
        with pytest.raises(InputProblem) as of_another:
            people.create(db, office, kind="student", section_id=_id(cast), **(same | {"first_name": "Olaf"}))
        assert str(of_the_same.value) == str(of_another.value) == "This code is taken."
        assert people.create(db, cast.olga.actor, kind="student", section_id=cast.class_8a.id, **same) == otto.id


@pytest.mark.parametrize("who", ["gina", "tom"])
def test_only_students_are_listed_under_a_class(cast: Cast, who: str) -> None:
    with database.transaction() as db:
        person = db.get_one(Person, getattr(cast, who).person.id)
        with pytest.raises(InputProblem, match="Only students"):
            people.save(
                db, cast.ada.actor, person_id=person.id or 0, seen=person.updated_at, section_id=cast.class_8a.id
            )


def _id(cast: Cast) -> int:
    return cast.class_7b.id or 0
