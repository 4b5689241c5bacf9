"""What ends links, initial passwords and sessions: another address, a role of staff, and whoever was quicker (R17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, database
from core.errors import Conflict, NotAllowed, TokenRejected
from core.models import (
    Account,
    AccountRole,
    AuditEntry,
    AuditPeople,
    Campaign,
    Invitation,
    Message,
    Person,
    SchoolSettings,
    SignInSession,
)
from core.permissions import Actor, Role, visitor
from core.rules.account_acts import Act, Gift
from core.rules.handing_over import NoPassword
from core.services import (
    account_changes,
    account_roles,
    activation,
    copied_links,
    initial_passwords,
    people,
    selections,
    students,
    wordings,
)
from core.tables import account_roles as roles
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.meanwhile import meanwhile
from tests.services.test_account_acts import account_id, carry_out, invite, stored

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]
OFFICE = Gift(Role.OFFICE, everybody=True)


def _handed_out(db: Session, member: Member) -> None:
    """A copied link, an initial password and two open browsers."""
    copied_links.issue(db, make.actor(member.account, Role.ADMINISTRATOR), account_id=account_id(member))
    db.execute(sa.update(Account).where(col(Account.id) == account_id(member)).values(password_hash=""))
    initial_passwords.issue(
        db, make.actor(member.account, Role.ADMINISTRATOR), account_id=account_id(member), expected=1
    )
    for name in ("one", "two"):
        _session(db, member, f"{name}-{account_id(member)}")


def _session(db: Session, member: Member, name: str) -> None:
    ends = {"last_used_at": clock.now(), "expires_at": clock.now() + timedelta(hours=8)}
    db.add(SignInSession(id=name, token_hash=name, account_id=account_id(member), created_at=clock.now(), **ends))
    db.flush()


def _open(db: Session, member: Member) -> tuple[int, int]:
    """How many links and passwords, and how many sessions."""
    db.expire_all()
    mine = select(Invitation).where(Invitation.account_id == account_id(member))
    live = [one for one in db.exec(mine) if not one.superseded_at and not one.used_at]
    theirs = select(SignInSession).where(SignInSession.account_id == account_id(member))
    return len(live), len([one for one in db.exec(theirs) if not one.ended_at])


def _vera(db: Session, user_type: str = "guardian") -> Member:
    who = make.person(db, kind="staff" if user_type != "guardian" else "guardian", first_name="Vera", last_name="Vice")
    made = make.account(db, person=who, user_type=user_type)
    return Member(who, made, make.actor(made))


def test_r17_whoever_copied_the_link_cannot_choose_the_password_of_a_later_administrator(cast: Cast) -> None:
    with database.transaction() as db:
        vera = _vera(db)
        link = copied_links.issue(db, cast.olga.actor, account_id=account_id(vera))
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, vera, gift=Gift(Role.ADMINISTRATOR, everybody=True))
        with pytest.raises(TokenRejected):
            activation.redeem(db, visitor(), token=link.address.rsplit("/", 1)[1], password_hash="chosen by the office")
        assert stored(db, vera).password_hash == ""
        ended = db.exec(select(Invitation).where(Invitation.account_id == account_id(vera))).one()
        assert ended.superseded_because == "role_changed"


@pytest.mark.parametrize("what", ["given", "given and undone", "scope changed", "scope undone", "ended", "end undone"])
def test_r17_r35_a_role_of_staff_ends_what_was_handed_out_and_signs_out(cast: Cast, what: str) -> None:
    with database.transaction() as db:
        change = _role_changes(db, cast, what)
        _handed_out(db, cast.cora)
        assert _open(db, cast.cora) == (2, 2)
        change()
        assert _open(db, cast.cora) == (0, 0)
        assert stored(db, cast.cora).invitation_ends_at == clock.now()


def _role_changes(db: Session, cast: Cast, what: str) -> Callable[[], Any]:
    ada, held = cast.ada.actor, select(AccountRole).where(AccountRole.account_id == account_id(cast.cora))
    role_id = db.exec(held).one().id or 0
    give = lambda: carry_out(db, ada, Act.GIVE_ROLE, cast.cora, gift=OFFICE).change_id  # noqa: E731
    scope = lambda: account_roles.change_scope(db, ada, role_id=role_id, everybody=True)  # noqa: E731
    end = lambda: account_roles.end(db, ada, role_id=role_id)  # noqa: E731
    if what in ("given", "scope changed", "ended"):
        return {"given": give, "scope changed": scope, "ended": end}[what]
    change_id = {"given and undone": give, "scope undone": scope, "end undone": end}[what]()
    return lambda: account_changes.undo(db, ada, change_id=change_id)


def test_a_role_that_is_none_of_staff_ends_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        account = make.account(db, person=make.person(db, kind="guardian"), user_type="guardian")
        greta = Member(cast.gina.person, account, make.actor(account))
        _handed_out(db, greta)
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, greta, gift=Gift(Role.GUARDIAN))
        assert _open(db, greta) == (2, 2)


def test_r35_whoever_changes_their_own_roles_stays_signed_in_here_and_nowhere_else(cast: Cast) -> None:
    with database.transaction() as db:
        _session(db, cast.ada, "this browser")
        _session(db, cast.ada, "another browser")
        here = replace(cast.ada.actor, session_id="this browser")
        carry_out(db, here, Act.GIVE_ROLE, cast.ada, gift=OFFICE)
        assert db.get_one(SignInSession, "this browser", populate_existing=True).ended_at is None
        assert db.get_one(SignInSession, "another browser", populate_existing=True).ended_at == clock.now()


@pytest.mark.parametrize("user_type", ["staff", "teacher", "administrator"])
def test_r17_the_office_gets_no_secret_of_staff_to_see_even_before_they_hold_a_role(cast: Cast, user_type: str) -> None:
    with database.transaction() as db:
        vera = _vera(db, user_type)
        with pytest.raises(NotAllowed):
            initial_passwords.reveal(db, cast.olga.actor, account_id=account_id(vera))
        with pytest.raises(NotAllowed):
            initial_passwords.check(db, cast.olga.actor, account_id=account_id(vera))
        assert copied_links.issue(db, cast.ada.actor, account_id=account_id(vera)).address
    with pytest.raises(NotAllowed), database.transaction() as db:
        copied_links.issue(db, cast.olga.actor, account_id=account_id(vera))
    with database.transaction() as db:
        selections.tick(db, cast.olga.actor, list_name="accounts", on=[account_id(vera)])
        chosen = selections.current(db, cast.olga.actor, list_name="accounts").id
        found = initial_passwords.check(db, cast.olga.actor, selection_id=chosen)
        assert (found.receive, found.left_out) == (0, {NoPassword.STAFF: 1})


@pytest.mark.parametrize("by", ["Add/Edit e-mail", "the card", "another browser of the same account"])
def test_r17_another_address_ends_copied_links_paper_and_sessions(cast: Cast, by: str) -> None:
    with database.transaction() as db:
        _handed_out(db, cast.gina)
        seen = db.get_one(Person, cast.gina.person.id).updated_at
        actor = cast.olga.actor
        if by == "Add/Edit e-mail":
            saved = people.change_email(db, actor, account_id=account_id(cast.gina), seen=seen, email="o@mail.example")
        else:
            values: dict[str, Any] = {"person_id": cast.gina.person.id, "seen": seen, "contact_email": "o@mail.example"}
            saved = people.save(db, actor, **values)
        assert saved.invitations_ended == 2
        assert _open(db, cast.gina) == (0, 0)


def test_an_address_to_which_no_messages_go_ends_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        _handed_out(db, cast.sam)
        sam = db.get_one(Person, cast.sam.person.id)
        people.save(db, cast.olga.actor, person_id=sam.id or 0, seen=sam.updated_at, contact_email="c@mail.example")
        assert _open(db, cast.sam) == (2, 2)


def test_a_first_address_ends_nothing_because_nobody_could_read_an_older_one(cast: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.update(Person).values(personal_email="", personal_email_valid=False))
        _handed_out(db, cast.sam)
        sam = db.get_one(Person, cast.sam.person.id, populate_existing=True)
        people.save(db, cast.olga.actor, person_id=sam.id or 0, seen=sam.updated_at, personal_email="c@mail.example")
        assert _open(db, cast.sam) == (2, 2)


def _told(db: Session, notice: int | None) -> list[str]:
    return list(db.exec(select(Message.address).where(Message.campaign_id == notice)))


def test_r17_r23_a_switch_that_moves_messages_is_another_address_for_one(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        _handed_out(db, cast.sam)
        sam = db.get_one(Person, cast.sam.person.id)
        saved = people.save(db, cast.olga.actor, person_id=sam.id or 0, seen=sam.updated_at, use_personal_email=False)
        assert _open(db, cast.sam) == (0, 0)
        assert _told(db, *saved.notices) == [cast.sam.person.personal_email]


def test_r17_r23_a_switch_that_moves_messages_is_another_address_for_many(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        _handed_out(db, cast.sam)
        _handed_out(db, cast.otto)
        done = carry_out(db, cast.olga.actor, Act.PERSONAL_EMAIL_OFF, cast.sam, cast.max)
        assert (_open(db, cast.sam), _open(db, cast.otto)) == ((0, 0), (2, 2))
        assert _told(db, *done.notices) == [cast.sam.person.personal_email]  # Max was never written to
        kinds = [(campaign.kind, campaign.recipients) for campaign in db.exec(select(Campaign))]
        assert kinds == [("address_changed", 1)]


def test_r17_r23_a_switch_for_a_selection_is_shown_first_and_follows_through(cast: Cast) -> None:
    olga = cast.olga.actor
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        _handed_out(db, cast.sam)
        selections.everything(db, olga, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, olga, list_name="students").id or 0
        shown = students.check_personal_email(db, olga, selection_id=chosen, on=False)
        assert shown.will == 3
        make.person(db, in_section=cast.class_7b)
        with pytest.raises(Conflict, match="4 students"):
            students.use_personal_email(db, olga, selection_id=chosen, on=False, seen=shown.seen)
        shown = students.check_personal_email(db, olga, selection_id=chosen, on=False)
        done = students.use_personal_email(db, olga, selection_id=chosen, on=False, seen=shown.seen)
        assert done.changed == 4
        assert _open(db, cast.sam) == (0, 0)
        assert _told(db, *done.notices) == [cast.sam.person.personal_email]


def test_undoing_a_switch_moves_messages_again(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        db.execute(sa.update(Person).values(use_personal_email=False))
        done = carry_out(db, cast.olga.actor, Act.PERSONAL_EMAIL_ON, cast.sam)
        clock.forward(minutes=1)
        _handed_out(db, cast.sam)
        undone = account_changes.undo(db, cast.olga.actor, change_id=done.change_id)
        assert (undone.done, _told(db, *undone.notices)) == (1, [cast.sam.person.personal_email])
        assert _open(db, cast.sam) == (0, 0)


@pytest.mark.parametrize("other", ["without a password", "suspended", "of Microsoft, not tied", "of Microsoft, off"])
def test_the_last_administrator_is_the_last_who_can_sign_in(cast: Cast, other: str) -> None:
    facts: dict[str, dict[str, Any]] = {
        "without a password": {"password_hash": ""},
        "suspended": {"password_hash": "chosen", "suspended_at": clock.now()},
        "of Microsoft, not tied": {"sign_in_method": "microsoft"},
        "of Microsoft, off": {"sign_in_method": "microsoft", "tenant_id": "t", "object_id": "o"},
    }
    with database.transaction() as db:
        carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.cora, gift=Gift(Role.ADMINISTRATOR, everybody=True))
        _become(db, cast.ada, password_hash="chosen")
        _become(db, cast.cora, **facts[other])
        role = db.exec(select(AccountRole).where(AccountRole.account_id == account_id(cast.ada))).one()
        role_id = role.id or 0
    with pytest.raises(Conflict, match="administer"), database.transaction() as db:
        account_roles.end(db, cast.ada.actor, role_id=role_id)
    with database.transaction() as db:
        db.execute(sa.update(SchoolSettings).values(microsoft=True))
        _become(db, cast.cora, **(facts["of Microsoft, off"] | {"suspended_at": None}))
        account_roles.end(db, cast.ada.actor, role_id=role_id)


def test_a_suspended_administrator_goes_on_working_on_everybody_else(cast: Cast) -> None:
    with database.transaction() as db:
        _become(db, cast.ada, suspended_at=clock.now())
        assert carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.sam).done == 1
        assert db.scalar(sa.select(col(Account.id)).where(roles.administers_today())) is None


def _become(db: Session, member: Member, **facts: Any) -> None:
    db.execute(sa.update(Account).where(col(Account.id) == account_id(member)).values(**facts))
    db.expire_all()


def _copy(actor: Actor, member: Member) -> Callable[[Session], Any]:
    return lambda db: copied_links.issue(db, actor, account_id=account_id(member))


def test_r13_r17_two_who_copy_a_link_at_once_leave_one_live_link(cast: Cast) -> None:
    second = meanwhile(_copy(cast.olga.actor, cast.gina), _copy(cast.ada.actor, cast.gina))[0]
    assert second.replaced == 1
    with database.transaction() as db:
        assert _open(db, cast.gina)[0] == 1


def test_r17_a_link_copied_while_the_account_is_deactivated_is_refused(cast: Cast) -> None:
    second = meanwhile(
        lambda db: carry_out(db, cast.ada.actor, Act.DEACTIVATE, cast.gina), _copy(cast.olga.actor, cast.gina)
    )[0]
    assert isinstance(second, Conflict)
    with database.transaction() as db:
        assert _open(db, cast.gina)[0] == 0


@pytest.mark.parametrize("link_first", [True, False])
def test_r17_a_link_copied_while_a_role_of_staff_is_given_opens_nothing(cast: Cast, link_first: bool) -> None:
    give = lambda db: carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.gina, gift=OFFICE)  # noqa: E731
    acts = [_copy(cast.olga.actor, cast.gina), give]
    second = meanwhile(*acts)[0] if link_first else meanwhile(*reversed(acts))[0]
    assert isinstance(second, NotAllowed) != link_first
    with database.transaction() as db:
        assert _open(db, cast.gina)[0] == 0


def test_r17_an_initial_password_issued_while_a_role_of_staff_is_given_opens_nothing(cast: Cast) -> None:
    second = meanwhile(
        lambda db: carry_out(db, cast.ada.actor, Act.GIVE_ROLE, cast.gina, gift=OFFICE),
        lambda db: initial_passwords.issue(db, cast.olga.actor, account_id=account_id(cast.gina), expected=1),
    )[0]
    assert isinstance(second, NotAllowed | Conflict)
    with database.transaction() as db:
        assert _open(db, cast.gina)[0] == 0


def test_the_audit_of_a_switch_holds_numbers_and_whom_as_a_set_without_names(cast: Cast) -> None:
    with database.transaction() as db:
        invite(db, cast.sam)
        selections.everything(db, cast.olga.actor, list_name="students", filter=StudentFilter())
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
        shown = students.check_personal_email(db, cast.olga.actor, selection_id=chosen, on=False)
        students.use_personal_email(db, cast.olga.actor, selection_id=chosen, on=False, seen=shown.seen)
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "students.use_personal_email")).one()
        people = entry.details.pop("people")
        assert entry.details == {"on": False, "changed": 3, "invitations_ended": 1}
        kept = db.exec(select(AuditPeople).where(AuditPeople.digest == people)).one()
        assert kept.people == 3
