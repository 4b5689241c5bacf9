"""Whom an initial password or a link can be handed over to, and what is live of them already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotAllowed, NotFound, Sought
from core.models import Account, AccountRole, Invitation, Person, Purpose, SignInMethod, UserType
from core.permissions import STAFF_ROLES, Actor, Role
from core.rules.handing_over import Check, NoPassword
from core.rules.reachability import Policy
from core.tables import reachability, school, scope, some_names

Truth = sa.ColumnElement[bool]
_STAFF_TYPES = (UserType.ADMINISTRATOR.value, UserType.TEACHER.value, UserType.STAFF.value)


def live(invitation: Any = Invitation, *, at: Any = None) -> Truth:
    """Holds for invitations that still open something, now or `at` another moment or parameter."""
    return sa.and_(
        col(invitation.used_at).is_(None),
        col(invitation.superseded_at).is_(None),
        col(invitation.expires_at) > (clock.now() if at is None else at),
    )


def with_password() -> sa.Select[Any]:
    """The ids of the accounts that have a live initial password."""
    return sa.select(col(Invitation.account_id)).where(col(Invitation.purpose) == Purpose.PASSWORD, live())


def is_staff() -> Truth:
    """Holds for accounts of members of staff: only administrators get their secrets to see.

    Those with a role of staff, in whichever period, and those who are still to get one: whoever chooses the password
    before would hold the role afterwards.
    """
    roles = sorted(role.value for role in STAFF_ROLES)
    held = col(Account.id).in_(sa.select(col(AccountRole.account_id)).where(col(AccountRole.role).in_(roles)))
    return sa.or_(held, col(Account.user_type).in_(_STAFF_TYPES))


def refusal(actor: Actor, policy: Policy) -> sa.ColumnElement[str | None]:
    """Why each account gets no initial password, as the word of NoPassword; NULL for those that get one."""
    reasons: list[tuple[Truth, str]] = [
        (col(Account.deactivated_at).is_not(None), NoPassword.DEACTIVATED.value),
        (col(Account.sign_in_method) != SignInMethod.LOCAL, NoPassword.MICROSOFT.value),
        (col(Account.password_hash) != "", NoPassword.HAS_CHOSEN.value),
        (sa.not_(reachability.counts(policy)), NoPassword.STATUS.value),
    ]
    if Role.ADMINISTRATOR not in actor.roles:
        reasons.append((is_staff(), NoPassword.STAFF.value))
    return sa.case(*reasons, else_=sa.null())


def getting_one(actor: Actor, policy: Policy, account_ids: sa.Select[Any]) -> sa.Select[Any]:
    """The ids of the accounts among them that get an initial password."""
    return _joined(col(Account.id), account_ids).where(refusal(actor, policy).is_(None))


def check(db: Session, actor: Actor, *, account_ids: sa.Select[Any]) -> Check:
    """What issuing initial passwords to these accounts would do."""
    policy = school.policy(school.settings(db))
    reason = _joined(refusal(actor, policy).label("reason"), account_ids).subquery()
    counted = db.execute(sa.select(reason.c.reason, sa.func.count()).group_by(reason.c.reason))
    found: dict[str | None, int] = {why: number for why, number in counted if number}
    theirs = col(Invitation.account_id).in_(getting_one(actor, policy, account_ids))
    held = sa.select(col(Invitation.purpose), sa.func.count()).where(live(), theirs)
    by_purpose = {purpose: number for purpose, number in db.execute(held.group_by(col(Invitation.purpose))) if number}
    left_out = {why: found[why.value] for why in NoPassword if why.value in found}
    passwords, links = (by_purpose.get(purpose, 0) for purpose in (Purpose.PASSWORD, Purpose.LINK))
    names = _names(db, actor, policy, account_ids) if left_out else {}
    return Check(found.get(None, 0), passwords, links, left_out, names)


def _names(db: Session, actor: Actor, policy: Policy, account_ids: sa.Select[Any]) -> some_names.Names:
    why = refusal(actor, policy)
    rows = _joined(col(Person.id), account_ids).add_columns(why.label("reason")).where(why.is_not(None))
    return some_names.by_reason(db, rows)


def one(db: Session, actor: Actor, *, account_id: int) -> Account:
    """The account, when the actor may see it and hand something over to it."""
    query = sa.select(Account).join(Person, col(Person.id) == col(Account.person_id))
    found = db.scalars(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if found is None:
        raise NotFound("There is no such account among those you may see. Go back to the list and choose again.")
    if Role.ADMINISTRATOR not in actor.roles and db.scalar(sa.select(is_staff()).where(col(Account.id) == account_id)):
        raise NotAllowed(
            "This account belongs to a member of staff. Ask an administrator to hand over its credentials.",
            by=actor,
            sought=Sought("account", account_id),
        )
    return found


def ids_of(actor: Actor, account_id: int) -> sa.Select[Any]:
    """One account as a selection of its own, within the actor's scope."""
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    return query.where(col(Account.id) == account_id, scope.people(actor))


def held_by_staff(db: Session, account_ids: Sequence[int]) -> bool:
    """Whether one of these accounts belongs to a member of staff at this moment."""
    found = sa.select(col(Account.id)).where(col(Account.id).in_(account_ids), is_staff())
    return db.scalar(found.limit(1)) is not None


def live_one(db: Session, *, account_id: int, purpose: Purpose) -> Invitation | None:
    """The invitation of that purpose that still opens something."""
    query = sa.select(Invitation).where(col(Invitation.account_id) == account_id, col(Invitation.purpose) == purpose)
    return db.scalars(query.where(live()).order_by(col(Invitation.id).desc())).first()


def _joined(column: Any, account_ids: sa.Select[Any]) -> sa.Select[Any]:
    rows = sa.select(column).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    return rows.where(col(Account.id).in_(account_ids))
