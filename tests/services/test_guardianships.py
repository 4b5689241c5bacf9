"""Who answers for whom: linked once, changed, ended and kept on record."""

from __future__ import annotations

from functools import partial

import pytest
from sqlmodel import select

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import AuditEntry, Guardianship, Invitation, Person
from core.services import guardianships, invitations, people, portal
from core.services.guardianships import Terms
from core.tables import guardians
from tests.cast import Cast
from tests.meanwhile import meanwhile

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def _ids(cast: Cast) -> dict[str, int]:
    return {"student_id": cast.otto.person.id or 0, "guardian_id": cast.gina.person.id or 0}


def _of_sam(cast: Cast) -> int:
    with database.reading() as db:
        return db.exec(select(Guardianship.id).where(Guardianship.student_id == cast.sam.person.id)).one() or 0


def test_a_link_holds_from_now_on_and_is_audited_without_names(cast: Cast) -> None:
    with database.transaction() as db:
        made = guardianships.link(
            db, cast.olga.actor, **_ids(cast), relation=" step  mother ", priority=2, may_sms=False
        )
        row = db.get_one(Guardianship, made)
        assert (row.relation, row.priority, row.may_email, row.may_sms) == ("step mother", 2, True, False)
        assert "Otto" in guardians.students_of(db, cast.olga.actor, [cast.gina.person.id or 0])[0]
        entry = db.exec(select(AuditEntry)).one()
        assert (entry.action, entry.object_id) == ("guardianship.linked", made)
        assert "mother" not in str(entry.details)


def test_nobody_is_linked_twice_or_with_themselves_or_the_wrong_way_round(cast: Cast) -> None:
    sam, gina = cast.sam.person.id or 0, cast.gina.person.id or 0
    with database.transaction() as db:
        with pytest.raises(Conflict):
            guardianships.link(db, cast.olga.actor, student_id=sam, guardian_id=gina)
        with pytest.raises(InputProblem):
            guardianships.link(db, cast.olga.actor, student_id=sam, guardian_id=sam)
        for student, guardian in ((gina, sam), (sam, cast.max.person.id or 0), (sam, 999999)):
            with pytest.raises(NotFound):
                guardianships.link(db, cast.olga.actor, student_id=student, guardian_id=guardian)


def test_an_ended_link_stays_on_record_and_can_begin_anew(cast: Cast) -> None:
    link = _of_sam(cast)
    with database.transaction() as db:
        guardianships.end(db, cast.olga.actor, guardianship_id=link)
        assert guardians.students_of(db, cast.olga.actor, [cast.gina.person.id or 0]) == ["Max Sideris"]
        row = db.get_one(Guardianship, link, populate_existing=True)
        assert row.ends_on is not None and row.ends_on < clock.now().date()
        with pytest.raises(Conflict):
            guardianships.end(db, cast.olga.actor, guardianship_id=link)
        again = guardianships.link(
            db, cast.olga.actor, student_id=cast.sam.person.id or 0, guardian_id=cast.gina.person.id or 0
        )
        assert again == link
        assert "Sam" in guardians.students_of(db, cast.olga.actor, [cast.gina.person.id or 0])[0]


def test_a_change_says_what_it_changed_and_refuses_an_order_that_cannot_be(cast: Cast) -> None:
    seen = Terms("mother")
    with database.transaction() as db:
        change = partial(guardianships.change, db, cast.olga.actor, guardianship_id=_of_sam(cast))
        assert change(seen=seen, wanted=Terms("mother", 2)) == ["priority"]
        assert change(seen=Terms("mother", 2), wanted=Terms("mother", 2)) == []
        with pytest.raises(InputProblem):
            change(seen=Terms("mother", 2), wanted=Terms("mother", 0))


def test_a_change_is_made_only_of_what_was_seen_and_is_in_force(cast: Cast) -> None:
    link, seen = _of_sam(cast), Terms("mother")
    with database.transaction() as db:
        guardianships.change(db, cast.ada.actor, guardianship_id=link, seen=seen, wanted=Terms("mother", may_sms=False))
        with pytest.raises(Conflict):
            guardianships.change(db, cast.olga.actor, guardianship_id=link, seen=seen, wanted=Terms("mother", 2))
        now = db.get_one(Guardianship, link, populate_existing=True)
        assert (now.priority, now.may_sms) == (1, False)
        guardianships.end(db, cast.ada.actor, guardianship_id=link)
        with pytest.raises(Conflict):
            seen = Terms("mother", may_sms=False)
            guardianships.change(db, cast.olga.actor, guardianship_id=link, seen=seen, wanted=Terms("aunt"))


def test_r97_two_who_link_at_once_hear_of_it_without_names(cast: Cast) -> None:
    pair = {"student_id": cast.otto.person.id or 0, "guardian_id": cast.gina.person.id or 0}
    second = meanwhile(
        lambda db: guardianships.link(db, cast.olga.actor, **pair),
        lambda db: guardianships.link(db, cast.ada.actor, **pair),
    )[0]
    assert isinstance(second, Conflict)
    assert second.__cause__ is None


def test_only_the_office_and_administrators_link_and_end(cast: Cast) -> None:
    link = _of_sam(cast)
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam, cast.gina):
            with pytest.raises(NotAllowed):
                guardianships.link(db, member.actor, **_ids(cast))
            with pytest.raises(NotAllowed):
                guardianships.end(db, member.actor, guardianship_id=link)


NUMBER = "+306971111111"


def _password_to_gina(cast: Cast) -> None:
    """Sam's initial password went to his guardian's number."""
    with database.transaction() as db:
        db.merge(Person(**(cast.gina.person.model_dump() | {"mobile": NUMBER})))
        account_id = cast.sam.account.id or 0
        invitations.issue_link(db, account_id=account_id, channel="sms", address=NUMBER, days=7)


def _end_of_sam(cast: Cast) -> Invitation:
    link = _of_sam(cast)
    with database.transaction() as db:
        guardianships.end(db, cast.olga.actor, guardianship_id=link)
    with database.reading() as db:
        return db.exec(select(Invitation)).one()


def test_r105_when_a_guardianship_ends_nothing_sent_to_the_guardian_opens_the_account_any_more(cast: Cast) -> None:
    _password_to_gina(cast)
    assert _end_of_sam(cast).superseded_because == "address_changed"
    with database.reading() as db:
        assert portal.own(db, cast.gina.actor).students == ("Max Sideris",)


def test_r105_a_number_that_is_the_students_own_too_goes_on(cast: Cast) -> None:
    _password_to_gina(cast)
    with database.transaction() as db:
        db.merge(Person(**(cast.sam.person.model_dump() | {"phone": NUMBER})))
    assert _end_of_sam(cast).superseded_at is None


@pytest.mark.parametrize("what", ["another number", "no more texts"])
def test_r105_a_number_that_may_get_no_texts_for_a_student_opens_nothing_of_theirs(cast: Cast, what: str) -> None:
    _password_to_gina(cast)
    with database.transaction() as db:
        gina, olga = db.get_one(Person, cast.gina.person.id), cast.olga.actor
        if what == "another number":
            people.save(db, olga, person_id=gina.id or 0, seen=gina.updated_at, mobile="+306972222222")
        else:
            wanted = Terms("mother", may_sms=False)
            guardianships.change(db, olga, guardianship_id=_of_sam(cast), seen=Terms("mother"), wanted=wanted)
    with database.reading() as db:
        assert db.exec(select(Invitation)).one().superseded_because == "address_changed"


def test_r105_another_order_of_guardians_ends_nothing(cast: Cast) -> None:
    _password_to_gina(cast)
    with database.transaction() as db:
        link, seen = _of_sam(cast), Terms("mother")
        guardianships.change(db, cast.olga.actor, guardianship_id=link, seen=seen, wanted=Terms("mother", 2))
    with database.reading() as db:
        assert db.exec(select(Invitation)).one().superseded_at is None
