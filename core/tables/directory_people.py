"""Who of the school belongs into Microsoft's directory, and who is known there already."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import (
    Account,
    Decision,
    DirectoryMatch,
    DirectoryRun,
    DirectoryRunKind,
    DirectoryRunStatus,
    DirectoryUser,
    Enrolment,
    EnrolmentKind,
    Person,
    PersonKind,
    SignInMethod,
    UserType,
)
from core.rules.directory_match import AT_MOST
from core.rules.directory_users import SchoolMember, User
from core.rules.reachability import Policy
from core.tables import reachability, school
from core.tables.directory_links import USER

Truth = sa.ColumnElement[bool]


def belong(policy: Policy) -> Truth:
    """Holds for people who live in Microsoft 365, with an account here or without; Account is joined from outside."""
    types = sorted(policy.microsoft_user_types)
    return sa.and_(_user_type().in_(types), reachability.counts(policy), col(Account.deactivated_at).is_(None))


def are_linked() -> Truth:
    """Holds for people of whom it is known who they are in the directory."""
    return sa.or_(col(Account.object_id).is_not(None), _decided(Decision.ACCEPTED))


def are_proposed() -> Truth:
    """Holds for people for whom a proposal waits."""
    return _decided(Decision.OPEN)


def everybody() -> sa.Select[Any]:
    """People with their accounts; to be narrowed."""
    return sa.select(col(Person.id)).outerjoin(Account, col(Account.person_id) == col(Person.id))


def without_match(policy: Policy) -> Truth:
    """Holds for those whom nobody in the directory may be: who can be created there."""
    return sa.and_(belong(policy), sa.not_(are_linked()), sa.not_(are_proposed()), sa.not_(_may_have_more()))


def _may_have_more() -> Truth:
    """Holds for people of whom as many proposals as are made at once were rejected since the last look-up.

    The next look-up says whether there are more who bear the name; until then nobody is made for them.
    """
    looked = sa.select(sa.func.max(col(DirectoryRun.finished_at))).where(
        col(DirectoryRun.kind) == DirectoryRunKind.LOOK_UP, col(DirectoryRun.status) == DirectoryRunStatus.DONE
    )
    rejected = sa.select(sa.func.count()).where(
        col(DirectoryMatch.person_id) == col(Person.id),
        col(DirectoryMatch.decision) == Decision.REJECTED,
        col(DirectoryMatch.decided_at) >= looked.scalar_subquery(),
    )
    return rejected.correlate(Person).scalar_subquery() >= AT_MOST


def sought(db: Session) -> list[SchoolMember]:
    """Those who are to be found in the directory, with the Microsoft address that the school keeps for them."""
    query = _named().where(belong(school.policy(school.settings(db))), sa.not_(are_linked()))
    return [SchoolMember(*row) for row in db.execute(query.order_by(col(Person.id)))]


def to_create(db: Session) -> list[SchoolMember]:
    """Those whom nobody in the directory may be, with the same of them; by name, so that numbers go by name too."""
    query = _named().where(without_match(school.policy(school.settings(db))))
    return [SchoolMember(*row) for row in db.execute(query.order_by(col(Person.sort_name), col(Person.id)))]


def _named() -> sa.Select[Any]:
    address = sa.case(
        (col(Account.sign_in_method) == SignInMethod.MICROSOFT, col(Account.username)), else_=col(Person.external_email)
    )
    names = (col(Person.id), col(Person.first_name), col(Person.last_name), col(Person.source_id), address)
    return everybody().with_only_columns(*names, maintain_column_froms=True)


def free(db: Session, *, run_id: int) -> list[User]:
    """The users of a look-up whom nobody here is tied to."""
    tied = sa.select(col(Account.object_id)).where(col(Account.object_id).is_not(None))
    accepted = sa.select(col(DirectoryMatch.object_id)).where(col(DirectoryMatch.decision) == Decision.ACCEPTED)
    mine = (col(DirectoryUser.run_id) == run_id, col(DirectoryUser.object_id).not_in(tied.union(accepted)))
    columns = (getattr(DirectoryUser, name) for name in USER)
    return [User(*row) for row in db.execute(sa.select(*columns).where(*mine))]


def rejected(db: Session) -> set[tuple[int, str]]:
    """Pairs of whom somebody said that they are not one."""
    query = sa.select(col(DirectoryMatch.person_id), col(DirectoryMatch.object_id))
    rows = db.execute(query.where(col(DirectoryMatch.decision) == Decision.REJECTED))
    return {(person_id, object_id) for person_id, object_id in rows}


def _decided(decision: Decision) -> Truth:
    mine = sa.select(col(DirectoryMatch.id)).where(col(DirectoryMatch.person_id) == col(Person.id))
    return mine.where(col(DirectoryMatch.decision) == decision).exists()


def _user_type() -> sa.ColumnElement[str]:
    """That of the account, else the one that an account would be made with (rules.new_accounts)."""
    teaches = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == col(Person.id), col(Enrolment.kind) == EnrolmentKind.TEACHER
    )
    kind = col(Person.kind)
    would_be = sa.case(
        (kind == PersonKind.STUDENT, UserType.STUDENT.value),
        (kind == PersonKind.GUARDIAN, UserType.GUARDIAN.value),
        (teaches.exists(), UserType.TEACHER.value),
        else_=UserType.STAFF.value,
    )
    return sa.func.coalesce(col(Account.user_type), would_be)
