"""What an act would do to which accounts, judged by the database in one query."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import clock
from core.models import Account, AccountRole, Invitation, Person, PersonKind, Purpose, SignInMethod, UserType
from core.permissions import STAFF_ROLES, Actor, Role
from core.rules.account_acts import Act, Gift, LeftOut
from core.tables import account_roles, school, scope

Reasons = list[tuple[sa.ColumnElement[bool], LeftOut]]
MICROSOFT_ADDRESS = "^[!-~]+@[!-~]+$"  # Microsoft takes no other letters, so lower() folds them as usernames.key does
REMEMBERED: dict[Act, tuple[str, ...]] = {
    Act.ACTIVATE: ("deactivated_at",),
    Act.DEACTIVATE: ("deactivated_at", "invitation_ends_at"),
    Act.REQUIRE_PASSWORD_CHANGE: ("must_change_password",),
    Act.VOID_LINKS: ("invitation_ends_at",),
    Act.TO_MICROSOFT: ("sign_in_method", "username", "username_key", "invitation_ends_at"),
    Act.TO_LOCAL: (
        *("sign_in_method", "tenant_id", "object_id", "invitation_ends_at"),
        *("verified_at", "first_sign_in_at", "pending_provider_at"),
    ),
    Act.PERSONAL_EMAIL_ON: ("use_personal_email",),
    Act.PERSONAL_EMAIL_OFF: ("use_personal_email",),
    Act.GIVE_ROLE: (),
}


def judged(db: Session, actor: Actor, *, act: Act, gift: Gift | None, chosen: sa.Select[Any]) -> sa.Subquery:
    """The chosen accounts: `id`, `reason` (none: the act is done to it) and `before`, what it is now, as JSON."""
    reasons = ([] if Role.ADMINISTRATOR in actor.roles else [(account_roles.is_staff(), LeftOut.STAFF)]) + _reasons(
        db, actor, act, gift
    )
    reason = sa.case(*((holds, sa.literal(why.value)) for holds, why in reasons), else_=sa.null())
    query = sa.select(col(Account.id), reason.label("reason"), _before(db, act, gift).label("before"))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    return query.where(col(Account.id).in_(chosen), scope.people(actor)).subquery()


def open_invitations() -> sa.ColumnElement[bool]:
    """Holds for invitations that still open something; a question about an address never did."""
    live = (col(Invitation.used_at).is_(None), col(Invitation.superseded_at).is_(None))
    return sa.and_(*live, col(Invitation.purpose) != Purpose.ADDRESS, col(Invitation.expires_at) > clock.now())


def _reasons(db: Session, actor: Actor, act: Act, gift: Gift | None) -> Reasons:
    own = (col(Account.id) == (actor.account_id or 0), LeftOut.OWN_ACCOUNT)
    off, local = col(Account.deactivated_at).is_not(None), col(Account.sign_in_method) == SignInMethod.LOCAL
    switched = col(Person.use_personal_email).is_(True)
    no_student = (col(Person.kind) != PersonKind.STUDENT, LeftOut.NOT_A_STUDENT)
    if act is Act.GIVE_ROLE and gift:
        return [(_does_not_fit(gift.role), LeftOut.ROLE_DOES_NOT_FIT), (_holds(gift), LeftOut.ALREADY_HELD)]
    given: dict[Act, Reasons] = {
        Act.ACTIVATE: [(sa.not_(off), LeftOut.ALREADY_ACTIVE)],
        Act.DEACTIVATE: [(off, LeftOut.ALREADY_DEACTIVATED), own],
        Act.REQUIRE_PASSWORD_CHANGE: [
            (sa.not_(local), LeftOut.MICROSOFT),
            (col(Account.password_hash) == "", LeftOut.NO_PASSWORD),
            (col(Account.must_change_password).is_(True), LeftOut.ALREADY_ASKED),
        ],
        Act.VOID_LINKS: [(sa.not_(_has_open_link()), LeftOut.NO_OPEN_LINK)],
        Act.TO_MICROSOFT: [(sa.not_(local), LeftOut.MICROSOFT), own, *_not_for_microsoft(db)],
        Act.TO_LOCAL: [(sa.and_(local, col(Account.pending_provider_at).is_(None)), LeftOut.LOCAL), own],
        Act.PERSONAL_EMAIL_ON: [no_student, (switched, LeftOut.ALREADY_ON)],
        Act.PERSONAL_EMAIL_OFF: [no_student, (sa.not_(switched), LeftOut.ALREADY_OFF)],
    }
    return given[act]


def _has_open_link() -> sa.ColumnElement[bool]:
    mine = sa.select(col(Invitation.id)).where(col(Invitation.account_id) == col(Account.id), open_invitations())
    return mine.exists()


def _not_for_microsoft(db: Session) -> Reasons:
    other, address = aliased(Account), sa.func.lower(col(Person.external_email))
    taken = sa.select(col(other.id)).where(col(other.username_key) == address, col(other.id) != col(Account.id))
    shared = sa.func.count().over(partition_by=address) > 1
    types = school.policy(school.settings(db)).microsoft_user_types
    return [
        (col(Account.user_type).not_in(sorted(types)), LeftOut.NOT_IN_MICROSOFT),
        (sa.not_(col(Person.external_email).regexp_match(MICROSOFT_ADDRESS)), LeftOut.NO_MICROSOFT_ADDRESS),
        (sa.or_(taken.exists(), shared), LeftOut.ADDRESS_TAKEN),
    ]


def _does_not_fit(role: Role) -> sa.ColumnElement[bool]:
    if role in STAFF_ROLES:
        return col(Account.user_type) == UserType.STUDENT
    wanted = PersonKind.STUDENT if role is Role.STUDENT else PersonKind.GUARDIAN
    return col(Person.kind) != wanted


def _holds(gift: Gift) -> sa.ColumnElement[bool]:
    held = aliased(AccountRole)
    same = (col(held.role) == gift.role, col(held.period_id).is_not_distinct_from(gift.period_id))
    return sa.select(col(held.id)).where(col(held.account_id) == col(Account.id), *same).exists()


def _before(db: Session, act: Act, gift: Gift | None) -> Any:
    make = sa.func.json_object if db.get_bind().dialect.name == "sqlite" else sa.func.json_build_object
    if gift:
        role, period = sa.cast(gift.role.value, sa.String), sa.cast(gift.period_id, sa.Integer)
        return make(_name("role"), role, _name("period_id"), period)
    owner = Person if act in (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF) else Account
    return make(*(part for name in REMEMBERED[act] for part in (_name(name), getattr(owner, name))))


def _name(name: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{name}'", sa.String())
