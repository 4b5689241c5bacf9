"""Acts on accounts: foreseen, done, left out with a reason, refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, database
from core.errors import Conflict, NotAllowed, NotFound
from core.models import (
    Account,
    AccountChangeItem,
    AuditEntry,
    Invitation,
    Person,
    SchoolSettings,
    SignInSession,
)
from core.permissions import Actor, Role, command_line
from core.rules import usernames
from core.rules.account_acts import Act, LeftOut
from core.rules.account_state import AccountState
from core.rules.sign_in_trouble import Question, Remedy
from core.services import account_acts, open_session, selections, sign_in
from core.services.account_acts import Done
from core.tables import account_card, sign_in_trouble
from core.tables.filters import AccountFilter
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


def account_id(member: Member) -> int:
    assert member.account.id is not None
    return member.account.id


def stored(db: Session, member: Member) -> Account:
    db.expire_all()
    return db.get_one(Account, member.account.id)


def carry_out(db: Session, actor: Actor, act: Act, *members: Member, **more: Any) -> Done:
    ids = [account_id(member) for member in members]
    seen = account_acts.check(db, actor, act=act, account_ids=ids, **more).seen
    return account_acts.carry_out(db, actor, act=act, account_ids=ids, seen=seen, **more)


def sign_in_as(db: Session, member: Member) -> str:
    candidate = sign_in.Candidate(account_id(member), stored(db, member).password_hash)
    opened = sign_in.open(db, member.actor, candidate=candidate, fits=True)
    assert opened is not None
    return opened.token


def invite(db: Session, member: Member, uid: str = "link") -> Invitation:
    ends = clock.now() + timedelta(days=7)
    values = {"uid": f"{uid}-{account_id(member)}", "token_hash": f"{uid}-{account_id(member)}"}
    db.execute(
        sa.update(Account)
        .where(col(Account.id) == account_id(member))
        .values(invited_at=clock.now(), invitation_ends_at=ends)
    )
    made = Invitation(
        account_id=account_id(member),
        purpose="link",
        kid="k",
        channel="email",
        address=member.person.personal_email,
        issued_at=clock.now(),
        expires_at=ends,
        **values,
    )
    db.add(made)
    db.flush()
    return made


def with_microsoft(db: Session) -> None:
    db.execute(sa.update(SchoolSettings).values(microsoft=True))


def give_address(db: Session, member: Member, address: str) -> None:
    db.execute(sa.update(Person).where(col(Person.id) == member.person.id).values(external_email=address))


def test_deactivation_ends_sessions_and_open_links_at_once(cast: Cast) -> None:
    with database.transaction() as db:
        token, link = sign_in_as(db, cast.sam), invite(db, cast.sam)
        assert open_session.actor_of(db, token=token) is not None
        done = carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        assert (done.done, done.left_out) == (1, {})
        assert open_session.actor_of(db, token=token) is None
        assert all(session.ended_at == clock.now() for session in db.exec(select(SignInSession)))
        db.refresh(link)
        assert (link.superseded_at, link.superseded_because) == (clock.now(), "deactivated")
        assert stored(db, cast.sam).standing == "deactivated"
        assert stored(db, cast.sam).invitation_ends_at == clock.now()
        assert stored(db, cast.max).deactivated_at is None


def test_activation_brings_no_session_and_no_link_back(cast: Cast) -> None:
    with database.transaction() as db:
        token, link = sign_in_as(db, cast.sam), invite(db, cast.sam)
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        assert carry_out(db, cast.olga.actor, Act.ACTIVATE, cast.sam).done == 1
        assert stored(db, cast.sam).deactivated_at is None
        assert open_session.actor_of(db, token=token) is None
        db.refresh(link)
        assert link.superseded_at is not None


def test_who_is_left_out_is_said_before_and_after(cast: Cast) -> None:
    with database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.max)
        chosen = [account_id(member) for member in (cast.ada, cast.sam, cast.max, cast.tom)]
        expected = {LeftOut.OWN_ACCOUNT: 1, LeftOut.ALREADY_DEACTIVATED: 1}
        foreseen = account_acts.check(db, cast.ada.actor, act=Act.DEACTIVATE, account_ids=chosen)
        assert (foreseen.will, foreseen.left_out) == (2, expected)
        done = account_acts.carry_out(db, cast.ada.actor, act=Act.DEACTIVATE, account_ids=chosen, seen=foreseen.seen)
        assert (done.done, done.left_out) == (2, expected)
        assert stored(db, cast.ada).deactivated_at is None


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.GIVE_ROLE])
def test_the_office_changes_no_account_of_staff(cast: Cast, act: Act) -> None:
    with database.transaction() as db:
        with_microsoft(db)
        for staff in (cast.ada, cast.cora, cast.tom, cast.olga):
            foreseen = account_acts.check(db, cast.olga.actor, act=act, account_ids=[account_id(staff)])
            assert (foreseen.will, foreseen.left_out) == (0, {LeftOut.STAFF: 1})
            with pytest.raises(Conflict):
                carry_out(db, cast.olga.actor, act, staff)


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.GIVE_ROLE])
def test_other_roles_may_not_even_ask(cast: Cast, act: Act) -> None:
    with database.transaction() as db:
        for member in (cast.cora, cast.tom, cast.sam, cast.gina):
            with pytest.raises(NotAllowed):
                account_acts.check(db, member.actor, act=act, account_ids=[account_id(cast.sam)])
            with pytest.raises(NotAllowed):
                account_acts.carry_out(db, member.actor, act=act, account_ids=[account_id(cast.sam)], seen="")


def test_an_office_of_one_class_never_touches_another(cast: Cast) -> None:
    with database.transaction() as db:
        office = make.actor(cast.olga.account, Role.OFFICE)
        seven = Actor(
            office.label,
            office.account_id,
            office.person_id,
            office.roles,
            make.actor(cast.olga.account, Role.COORDINATOR, sections=(cast.class_7b,)).scope,
        )
        with pytest.raises(NotFound):
            account_acts.check(db, seven, act=Act.DEACTIVATE, account_ids=[account_id(cast.otto)])
        assert carry_out(db, seven, Act.DEACTIVATE, cast.sam, cast.otto).done == 1
        assert stored(db, cast.otto).deactivated_at is None


def test_the_last_administrator_stays(cast: Cast) -> None:
    with database.transaction() as db:
        other = make.account(db, person=make.person(db, kind="staff"), user_type="administrator")
        make.role(db, account=other, role=Role.ADMINISTRATOR)
        db.get_one(Account, cast.ada.account.id).password_hash = "chosen"
        second = Member(cast.ada.person, other, make.actor(other, Role.ADMINISTRATOR))
        carry_out(db, cast.ada.actor, Act.DEACTIVATE, second)
        with pytest.raises(Conflict, match="administer"):
            carry_out(db, second.actor, Act.DEACTIVATE, cast.ada)  # from a page opened before


def test_the_command_line_changes_no_accounts_because_nobody_could_undo_it(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        carry_out(db, command_line("root"), Act.DEACTIVATE, cast.sam)


def test_what_changed_meanwhile_is_refused_with_the_new_numbers(cast: Cast) -> None:
    ids = [account_id(cast.sam), account_id(cast.max)]
    with database.transaction() as db:
        seen = account_acts.check(db, cast.olga.actor, act=Act.DEACTIVATE, account_ids=ids).seen
        carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.max)
        with pytest.raises(Conflict, match="1 now, and 1 left out"):
            account_acts.carry_out(db, cast.olga.actor, act=Act.DEACTIVATE, account_ids=ids, seen=seen)
        assert stored(db, cast.sam).deactivated_at is None


def test_what_was_seen_of_one_act_does_not_allow_another(cast: Cast) -> None:
    ids = [account_id(cast.sam)]
    with database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.sam)
        seen = account_acts.check(db, cast.olga.actor, act=Act.ACTIVATE, account_ids=ids).seen
        with pytest.raises(Conflict):
            account_acts.carry_out(db, cast.olga.actor, act=Act.VOID_LINKS, account_ids=ids, seen=seen)


def test_a_selection_is_resolved_when_it_is_acted_on(cast: Cast) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        selections.everything(db, olga, list_name="accounts", filter=AccountFilter(text="sideris"))
        chosen = selections.current(db, olga, list_name="accounts").id or 0
        seen = account_acts.check(db, olga, act=Act.DEACTIVATE, selection_id=chosen).seen
        assert account_acts.carry_out(db, olga, act=Act.DEACTIVATE, selection_id=chosen, seen=seen).done == 2
        assert stored(db, cast.otto).deactivated_at is None


def test_a_password_change_is_asked_of_those_who_have_a_local_password(cast: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Account).where(col(Account.id) == account_id(cast.sam)).values(password_hash="hash"))
        done = carry_out(db, cast.olga.actor, Act.REQUIRE_PASSWORD_CHANGE, cast.sam, cast.max)
        assert (done.done, done.left_out) == (1, {LeftOut.NO_PASSWORD: 1})
        assert stored(db, cast.sam).must_change_password
        again = account_acts.check(
            db, cast.olga.actor, act=Act.REQUIRE_PASSWORD_CHANGE, account_ids=[account_id(cast.sam)]
        )
        assert again.left_out == {LeftOut.ALREADY_ASKED: 1}


def test_void_links_ends_links_and_nothing_else(cast: Cast) -> None:
    with database.transaction() as db:
        token, link = sign_in_as(db, cast.sam), invite(db, cast.sam)
        done = carry_out(db, cast.olga.actor, Act.VOID_LINKS, cast.sam, cast.max)
        assert (done.done, done.left_out) == (1, {LeftOut.NO_OPEN_LINK: 1})
        db.refresh(link)
        assert (link.superseded_at, link.superseded_because) == (clock.now(), "voided")
        assert stored(db, cast.sam).invitation_ends_at == clock.now()
        assert open_session.actor_of(db, token=token) is not None


def test_conversion_makes_the_microsoft_address_the_username_and_ends_password_links_and_sessions(cast: Cast) -> None:
    with database.transaction() as db:
        with_microsoft(db)
        give_address(db, cast.sam, "Sam@School.example")
        db.execute(sa.update(Account).where(col(Account.id) == account_id(cast.sam)).values(password_hash="hash"))
        token, link = sign_in_as(db, cast.sam), invite(db, cast.sam)
        done = carry_out(db, cast.olga.actor, Act.TO_MICROSOFT, cast.sam, cast.max, cast.gina)
        assert done.left_out == {LeftOut.NO_MICROSOFT_ADDRESS: 1, LeftOut.NOT_IN_MICROSOFT: 1}
        sam = stored(db, cast.sam)
        assert (sam.username, sam.sign_in_method, sam.password_hash) == ("Sam@School.example", "microsoft", "")
        assert sam.username_key == usernames.key("Sam@School.example")
        assert open_session.actor_of(db, token=token) is None
        db.refresh(link)
        assert link.superseded_because == "voided"
        assert carry_out(db, cast.olga.actor, Act.TO_LOCAL, cast.sam).done == 1
        assert stored(db, cast.sam).sign_in_method == "local"


@pytest.mark.parametrize("act", [Act.TO_LOCAL, Act.TO_MICROSOFT])
def test_whoever_had_signed_in_before_a_conversion_is_invited_anew(cast: Cast, act: Act) -> None:
    with database.transaction() as db:
        with_microsoft(db)
        give_address(db, cast.gina, "gina@school.example")
        give_address(db, cast.sam, "sam@school.example")
        facts = {"verified_at": clock.now(), "first_sign_in_at": clock.now(), "pending_provider_at": None}
        if act is Act.TO_LOCAL:
            facts |= {"sign_in_method": "microsoft", "object_id": "object", "pending_provider_at": clock.now()}
        else:
            facts |= {"password_hash": "hash"}
        db.execute(sa.update(Account).where(col(Account.id) == account_id(cast.sam)).values(**facts))
        db.execute(
            sa.update(Person)
            .where(col(Person.id) == cast.sam.person.id)
            .values(contact_email="s@mail.example", contact_email_valid=True)
        )
        assert carry_out(db, cast.olga.actor, act, cast.sam).done == 1
        card = account_card.read(db, cast.olga.actor, account_id=account_id(cast.sam))
        assert (card.by_email.refusal, card.state) == (None, AccountState.READY)
        trouble = sign_in_trouble.read(db, cast.olga.actor, account_id=account_id(cast.sam)).hindrance
        assert trouble and (trouble.question, trouble.remedy) == (Question.PASSWORD, Remedy.INVITE)


def test_whoever_waits_for_microsoft_in_vain_stays_local_and_keeps_a_password(cast: Cast) -> None:
    with database.transaction() as db:
        waiting = {"pending_provider_at": clock.now(), "verified_at": clock.now()}
        for member, password in ((cast.sam, "hash"), (cast.max, "")):
            mine = sa.update(Account).where(col(Account.id) == account_id(member))
            db.execute(mine.values(password_hash=password, **waiting))
        done = carry_out(db, cast.olga.actor, Act.TO_LOCAL, cast.sam, cast.max, cast.gina)
        assert (done.done, done.left_out) == (2, {LeftOut.LOCAL: 1})
        sam, nobody = stored(db, cast.sam), stored(db, cast.max)
        assert (sam.pending_provider_at, sam.password_hash, sam.verified_at) == (None, "hash", clock.now())
        assert (nobody.pending_provider_at, nobody.verified_at) == (None, None)


def test_an_address_that_two_share_or_another_account_has_converts_nobody(cast: Cast) -> None:
    with database.transaction() as db:
        with_microsoft(db)
        give_address(db, cast.sam, "one@school.example")
        give_address(db, cast.max, "ONE@school.example")
        give_address(db, cast.otto, cast.gina.account.username.upper() + "@x.example")
        db.execute(
            sa.update(Account)
            .where(col(Account.id) == account_id(cast.gina))
            .values(username_key=cast.gina.account.username_key + "@x.example")
        )
        ids = [account_id(member) for member in (cast.sam, cast.max)]
        foreseen = account_acts.check(db, cast.olga.actor, act=Act.TO_MICROSOFT, account_ids=ids)
        assert (foreseen.will, foreseen.left_out) == (0, {LeftOut.ADDRESS_TAKEN: 2})


def test_no_account_is_converted_while_the_school_has_no_microsoft(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Settings"), database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.TO_MICROSOFT, cast.sam)


def test_personal_email_is_switched_for_students_only(cast: Cast) -> None:
    with database.transaction() as db:
        done = carry_out(db, cast.olga.actor, Act.PERSONAL_EMAIL_OFF, cast.sam, cast.gina)
        assert (done.done, done.left_out) == (1, {LeftOut.NOT_A_STUDENT: 1})
        assert not db.get_one(Person, cast.sam.person.id, populate_existing=True).use_personal_email
        assert carry_out(db, cast.olga.actor, Act.PERSONAL_EMAIL_ON, cast.sam, cast.max).left_out == {
            LeftOut.ALREADY_ON: 1
        }


def test_one_entry_in_the_audit_and_no_secret_anywhere(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        with_microsoft(db)
        give_address(db, cast.sam, "sam@school.example")
        values = {"password_hash": "very-secret-hash"}
        db.execute(sa.update(Account).where(col(Account.id) == account_id(cast.sam)).values(values))
        invite(db, cast.sam, uid="secret-uid")
        done = carry_out(db, cast.olga.actor, Act.TO_MICROSOFT, cast.sam, cast.max)
        entry = db.exec(select(AuditEntry).where(col(AuditEntry.action).like("accounts.%"))).one()
        assert entry.details == {
            "change": done.change_id,
            "done": 1,
            "left_out": {"no_microsoft_address": 1},
        }
        assert (entry.object_kind, entry.object_id) == ("account", account_id(cast.sam))
        kept = db.exec(select(AccountChangeItem)).one().before
        assert set(kept) == {"sign_in_method", "username", "username_key", "invitation_ends_at"}
        assert "secret" not in str(kept) + str(entry.details)


def test_students_without_an_account_are_named_among_those_left_out(cast: Cast) -> None:
    with database.transaction() as db:
        newcomer = make.person(db, kind="student", status="registered", last_name="Newcomer")
        db.flush()
        ticked = [newcomer.id or 0]
        selections.tick(db, cast.olga.actor, list_name="students", on=ticked)
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
        only = account_acts.check(db, cast.olga.actor, act=Act.DEACTIVATE, selection_id=chosen)
        assert (only.will, only.left_out) == (0, {LeftOut.NO_ACCOUNT: 1})
        selections.tick(db, cast.olga.actor, list_name="students", on=[cast.sam.person.id or 0])
        both = account_acts.check(db, cast.olga.actor, act=Act.DEACTIVATE, selection_id=chosen)
        assert (both.will, both.left_out) == (1, {LeftOut.NO_ACCOUNT: 1})
