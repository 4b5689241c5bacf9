"""Undo: exactly what was, for those whom nobody has changed since."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as some
from sqlmodel import Session, col, select

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import Account, AccountRole, AuditEntry, Invitation, Person
from core.permissions import Role
from core.rules.account_acts import Act, Gift
from core.services import account_changes, account_names, accounts, open_session
from core.services.account_changes import Undone
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.meanwhile import meanwhile
from tests.services.test_account_acts import (
    account_id,
    carry_out,
    give_address,
    invite,
    sign_in_as,
    stored,
    with_microsoft,
)

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]
NOT_BROUGHT_BACK = {"password_hash", "updated_at"}
# A role of staff and another address end for good what was handed out before (R17).
KILLS_LINKS = (Act.GIVE_ROLE, Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF)
LINKS = {"superseded_at", "superseded_because", "invitation_ends_at", "standing"}
ACTS = [act for act in Act if act is not Act.GIVE_ROLE]


def _facts(db: Session, act: Act) -> str:
    """All that is known of accounts, roles, people and links, without what undo never brings back."""
    db.expire_all()
    rows: list[Any] = []
    left = NOT_BROUGHT_BACK | (LINKS if act in KILLS_LINKS else set())
    for model in (Account, AccountRole, Person, Invitation):
        found = db.scalars(sa.select(model).order_by(sa.literal_column("1"))).all()
        rows += [row.model_dump(mode="json", exclude=left | {"id"}) for row in found]
    return json.dumps(sorted(json.dumps(row, sort_keys=True) for row in rows))


@examples(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=some.data())
def test_undo_restores_exactly(cast: Cast, data: some.DataObject) -> None:
    members = [cast.sam, cast.max, cast.gina, cast.otto, cast.tom]
    with pytest.raises(InterruptedError), database.transaction() as db:
        with_microsoft(db)
        for number, member in enumerate(members):
            _in_some_state(db, member, data, number)
        act = data.draw(some.sampled_from(list(Act)))
        before = _facts(db, act)
        gift = Gift(data.draw(some.sampled_from([Role.OFFICE, Role.STUDENT])), cast.period.id, everybody=True)
        more = {"gift": gift} if act is Act.GIVE_ROLE else {}
        try:
            done = carry_out(db, cast.ada.actor, act, *members, **more)
        except Conflict:
            raise InterruptedError from None  # nobody to do it to
        assert done.done + sum(done.left_out.values()) == len(members)
        undone = account_changes.undo(db, cast.ada.actor, change_id=done.change_id)
        assert (undone.done, undone.left_alone) == (done.done, 0)
        assert _facts(db, act) == before
        raise InterruptedError  # the next example begins with the same people


def _in_some_state(db: Session, member: Member, data: some.DataObject, number: int) -> None:
    yes = some.booleans()
    values: dict[str, Any] = {
        "deactivated_at": clock.now() - timedelta(days=1) if data.draw(yes) else None,
        "must_change_password": data.draw(yes),
        "password_hash": "hash" if data.draw(yes) else "",
        "sign_in_method": data.draw(some.sampled_from(["local", "microsoft"])),
    }
    if values["sign_in_method"] == "microsoft":
        values |= {"password_hash": "", "tenant_id": "tenant", "object_id": f"object-{number}"}
        values |= {"first_sign_in_at": clock.now() if data.draw(yes) else None, "verified_at": clock.now()}
        values |= {"pending_provider_at": clock.now() if data.draw(yes) else None}
    db.execute(sa.update(Account).where(col(Account.id) == account_id(member)).values(**values))
    if data.draw(yes) and values["deactivated_at"] is None:  # a deactivation ends links
        invite(db, member)
    give_address(db, member, data.draw(some.sampled_from(["", f"p{number}@school.example", "Shared@School.example"])))


@pytest.mark.parametrize("act", [Act.DEACTIVATE, Act.VOID_LINKS])
def test_a_link_that_ended_by_mistake_works_again(cast: Cast, act: Act) -> None:
    with database.transaction() as db:
        link, ends = invite(db, cast.sam), clock.now() + timedelta(days=7)
        done = carry_out(db, cast.olga.actor, act, cast.sam)
        account_changes.undo(db, cast.olga.actor, change_id=done.change_id)
        db.refresh(link)
        assert (link.superseded_at, link.superseded_because) == (None, None)
        assert stored(db, cast.sam).invitation_ends_at == ends


def test_a_link_to_an_address_that_was_changed_since_stays_dead(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        link = invite(db, cast.sam)
        done = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        clock.forward(minutes=1)
        new = {"personal_email": "new@mail.example", "updated_at": clock.now}
        db.execute(sa.update(Person).where(col(Person.id) == cast.sam.person.id).values(**new))
        assert account_changes.undo(db, cast.olga.actor, change_id=done.change_id).done == 1
        db.refresh(link)
        assert link.superseded_because == "deactivated"
        assert stored(db, cast.sam).deactivated_at is None


def test_r17_a_link_voided_before_a_deactivation_stays_dead_while_it_lasts_and_after_it(
    cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        link = invite(db, cast.gina)
        void = carry_out(db, cast.olga.actor, Act.VOID_LINKS, cast.gina)
        clock.forward(minutes=1)
        off = carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.gina)
        clock.forward(minutes=1)
        carry_out(db, cast.ada.actor, Act.ACTIVATE, cast.gina)
        account_changes.undo(db, cast.ada.actor, change_id=off.change_id)  # leaves alone who is active again
        assert account_changes.undo(db, cast.olga.actor, change_id=void.change_id) == Undone(0, 1)
        db.refresh(link)
        assert link.superseded_because == "voided"


def test_r17_a_link_of_a_deactivated_account_is_not_revived(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        link = invite(db, cast.gina)
        void = carry_out(db, cast.olga.actor, Act.VOID_LINKS, cast.gina)
        clock.forward(minutes=1)
        off = carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.gina)
        assert account_changes.undo(db, cast.olga.actor, change_id=void.change_id) == Undone(0, 1)
        account_changes.undo(db, cast.ada.actor, change_id=off.change_id)
        db.refresh(link)
        assert link.superseded_because == "voided"


def test_r17_a_voided_link_stays_dead_when_the_account_got_a_role_of_staff(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        link = invite(db, cast.gina)
        void = carry_out(db, cast.ada.actor, Act.VOID_LINKS, cast.gina)
        clock.forward(minutes=1)
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.gina, gift=Gift(Role.OFFICE, everybody=True))
        assert account_changes.undo(db, cast.ada.actor, change_id=void.change_id) == Undone(0, 1)
        db.refresh(link)
        assert link.superseded_because == "voided"


def test_a_link_that_a_newer_one_replaced_stays_dead(cast: Cast) -> None:
    with database.transaction() as db:
        old = invite(db, cast.sam)
        done = carry_out(db, cast.olga.actor, Act.VOID_LINKS, cast.sam)
        invite(db, cast.sam, uid="newer")
        assert account_changes.undo(db, cast.olga.actor, change_id=done.change_id) == Undone(0, 1)
        db.refresh(old)
        assert old.superseded_because == "voided"


def test_whoever_was_changed_since_is_left_alone_and_counted(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        done = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam, cast.max)
        clock.forward(minutes=1)
        carry_out(db, cast.ada.actor, Act.ACTIVATE, cast.max)
        clock.forward(minutes=1)
        carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.max)
        assert account_changes.undo(db, cast.olga.actor, change_id=done.change_id) == Undone(1, 1)
        assert stored(db, cast.sam).deactivated_at is None
        assert stored(db, cast.max).deactivated_at == clock.now


def test_undo_works_once_for_its_maker_or_an_administrator_and_for_a_day(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        other = make.account(db, person=make.person(db, kind="staff"), user_type="staff")
        make.role(db, account=other, role=Role.OFFICE)
        first = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam).change_id
        with pytest.raises(NotFound):
            account_changes.undo(db, make.actor(other, Role.OFFICE), change_id=first)
        with pytest.raises(NotAllowed):
            account_changes.undo(db, cast.cora.actor, change_id=first)
        assert account_changes.undo(db, cast.ada.actor, change_id=first).done == 1
        with pytest.raises(Conflict, match="already"):
            account_changes.undo(db, cast.olga.actor, change_id=first)
        second = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam).change_id
        clock.forward(hours=25)
        with pytest.raises(Conflict, match="24 hours"):
            account_changes.undo(db, cast.olga.actor, change_id=second)


def test_the_office_cannot_undo_what_became_an_account_of_staff(cast: Cast) -> None:
    with database.transaction() as db:
        done = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.gina)
        make.role(db, account=cast.gina.account, role=Role.ADMINISTRATOR)
        assert account_changes.undo(db, cast.olga.actor, change_id=done.change_id) == Undone(0, 1)
        assert stored(db, cast.gina).deactivated_at is not None


def test_undoing_an_activation_signs_the_person_out(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        done = carry_out(db, cast.olga.actor, Act.ACTIVATE, cast.sam)
        token = sign_in_as(db, cast.sam)
        account_changes.undo(db, cast.olga.actor, change_id=done.change_id)
        assert open_session.actor_of(db, token=token) is None


def test_undo_is_audited_with_numbers_only(cast: Cast) -> None:
    with database.transaction() as db:
        done = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        account_changes.undo(db, cast.olga.actor, change_id=done.change_id)
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "accounts.deactivate.undone")).one()
        assert entry.details == {"change": done.change_id, "done": 1, "left_alone": 0}


def test_a_username_is_changed_checked_and_brought_back(cast: Cast) -> None:
    sam, old = account_id(cast.sam), cast.sam.account.username
    with database.transaction() as db:
        made = account_names.change(db, cast.olga.actor, account_id=sam, seen=old, username="  Ságe.Sam ")
        assert (stored(db, cast.sam).username, stored(db, cast.sam).username_key) == ("Ságe.Sam", "ságe.sam")
        for wrong in ("", "two words", "x" * 101, "x" * 10_000, "zero\u200bwidth", "MAX.SIDERIS", "Ságe.Sam"):
            with pytest.raises(InputProblem) as problem:
                account_names.change(db, cast.olga.actor, account_id=sam, seen="Ságe.Sam", username=wrong)
            assert problem.value.field == "username"
        with pytest.raises(Conflict):
            account_names.change(db, cast.olga.actor, account_id=sam, seen=old, username="later")
        assert account_changes.undo(db, cast.olga.actor, change_id=made) == Undone(1, 0)
        assert stored(db, cast.sam).username == old


def test_an_old_username_that_somebody_took_is_not_taken_back(cast: Cast) -> None:
    sam, old = account_id(cast.sam), cast.sam.account.username
    with database.transaction() as db:
        made = account_names.change(db, cast.olga.actor, account_id=sam, seen=old, username="sage")
        max_, its = account_id(cast.max), cast.max.account.username
        account_names.change(db, cast.olga.actor, account_id=max_, seen=its, username=old)
        assert account_changes.undo(db, cast.olga.actor, change_id=made) == Undone(0, 1)


def test_nobody_else_changes_usernames(cast: Cast) -> None:
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam):
            with pytest.raises(NotAllowed):
                account_names.change(db, member.actor, account_id=account_id(cast.otto), seen="", username="x")
        with pytest.raises(NotAllowed):
            ada = cast.ada.account.username
            account_names.change(db, cast.olga.actor, account_id=account_id(cast.ada), seen=ada, username="x")
        with pytest.raises(NotFound):
            account_names.change(db, cast.olga.actor, account_id=999_999, seen="", username="x")


def test_r97_a_username_that_somebody_takes_at_this_moment_is_refused_without_quoting_it(cast: Cast) -> None:
    def take(db: Session) -> None:
        make.account(db, person=make.person(db), username="zoe")

    def change(db: Session) -> int:
        ids = {"account_id": account_id(cast.sam), "seen": cast.sam.account.username}
        return account_names.change(db, cast.olga.actor, **ids, username="zoe")

    refusal = meanwhile(take, change)[0]
    assert isinstance(refusal, Conflict | InputProblem)
    assert "zoe" not in str(refusal)
    assert refusal.__cause__ is None


def test_accounts_made_by_mistake_are_taken_back_but_for_those_who_were_written_to(cast: Cast) -> None:
    with database.transaction() as db:
        new = [make.person(db, first_name=name, last_name="New") for name in ("Nora", "Nils", "Nele")]
        ids = [person.id or 0 for person in new]
        plan = accounts.preview(db, cast.olga.actor, person_ids=ids)
        made = accounts.create(db, cast.olga.actor, seen=plan.seen, person_ids=ids)
        invited = db.execute(sa.select(Account).where(col(Account.person_id) == ids[0])).scalars().one()
        invited.invited_at = clock.now()
        db.add(invited)
        db.flush()
        assert account_changes.undo(db, cast.olga.actor, change_id=made.change_id or 0) == Undone(2, 1)
        left = db.scalars(sa.select(col(Account.person_id)).where(col(Account.person_id).in_(ids))).all()
        assert left == ids[:1]
        again = accounts.preview(db, cast.olga.actor, person_ids=ids)
        assert {new.person_id for new in again.new} == set(ids[1:])
        with pytest.raises(Conflict, match="undone already"):
            account_changes.undo(db, cast.olga.actor, change_id=made.change_id or 0)


def test_an_account_that_was_changed_or_printed_since_is_not_taken_back(cast: Cast) -> None:
    with database.transaction() as db:
        person_id = make.person(db, first_name="Nora", last_name="New").id or 0
        seen = accounts.preview(db, cast.olga.actor, person_ids=[person_id]).seen
        made = accounts.create(db, cast.olga.actor, seen=seen, person_ids=[person_id])
        account = db.execute(sa.select(Account).where(col(Account.person_id) == person_id)).scalars().one()
        account_names.change(db, cast.olga.actor, account_id=account.id or 0, seen=account.username, username="nora")
        assert account_changes.undo(db, cast.olga.actor, change_id=made.change_id or 0) == Undone(0, 1)
        assert db.get(Account, account.id) is not None
