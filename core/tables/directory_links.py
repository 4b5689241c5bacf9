"""Who is linked to whom in Microsoft's directory, where two places know of it: the account and the proposal."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import (
    Account,
    ChangeStatus,
    Decision,
    DirectoryChange,
    DirectoryMatch,
    DirectoryUser,
    Person,
    SignInMethod,
)
from core.rules.directory_updates import Linked
from core.rules.directory_users import User
from core.rules.reachability import Policy
from core.tables import reachability

USER = ("object_id", "address", "display_name", "given_name", "surname", "employee_id", "mail", "is_enabled")
_ACCEPTED = col(DirectoryMatch.decision) == Decision.ACCEPTED


def signed_in(db: Session, *, tenant_id: str) -> list[tuple[int, str]]:
    """Person and user of accounts that a sign-in tied, and no proposal tells of."""
    known = sa.select(col(DirectoryMatch.id)).where(
        col(DirectoryMatch.person_id) == col(Account.person_id),
        col(DirectoryMatch.object_id) == col(Account.object_id),
        _ACCEPTED,
    )
    query = sa.select(col(Account.person_id), col(Account.object_id))
    query = query.join(DirectoryUser, col(DirectoryUser.object_id) == col(Account.object_id))
    rows = db.execute(query.where(col(Account.tenant_id) == tenant_id, sa.not_(known.exists())))
    return [(person_id, object_id) for person_id, object_id in rows]


def untied(db: Session) -> list[tuple[int, str, str]]:
    """Person, user and address of Microsoft accounts whose person is linked, and which are not tied."""
    query = sa.select(col(Account.person_id), col(DirectoryUser.object_id), col(DirectoryUser.address))
    query = query.join(DirectoryMatch, col(DirectoryMatch.person_id) == col(Account.person_id))
    query = query.join(DirectoryUser, col(DirectoryUser.object_id) == col(DirectoryMatch.object_id))
    microsoft = col(Account.sign_in_method) == SignInMethod.MICROSOFT
    rows = db.execute(query.where(_ACCEPTED, microsoft, col(Account.object_id).is_(None)))
    return [(person_id, object_id, address) for person_id, object_id, address in rows]


def of_people(db: Session, person_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Tenant and user of those who are linked: an account that is made for them is tied at once."""
    found: dict[int, tuple[str, str]] = {}
    columns = (col(DirectoryMatch.person_id), col(DirectoryMatch.tenant_id), col(DirectoryMatch.object_id))
    for part in database.slices(person_ids):
        query = sa.select(*columns).where(_ACCEPTED, col(DirectoryMatch.person_id).in_(part))
        found |= {person_id: (tenant_id, object_id) for person_id, tenant_id, object_id in db.execute(query)}
    return found


def linked(db: Session, policy: Policy) -> list[Linked]:
    """Everybody who is linked to a user of the latest look-up."""
    user = (getattr(DirectoryUser, name) for name in USER)
    names = (col(Person.id), col(Person.first_name), col(Person.last_name), reachability.counts(policy))
    query = sa.select(*names, *user).join(DirectoryMatch, col(DirectoryMatch.person_id) == col(Person.id))
    query = query.join(DirectoryUser, col(DirectoryUser.object_id) == col(DirectoryMatch.object_id)).where(_ACCEPTED)
    rows = db.execute(query.order_by(col(Person.sort_name), col(Person.id)))
    return [Linked(row[0], row[1], row[2], bool(row[3]), User(*row[4:])) for row in rows]


def switched_off(db: Session) -> set[str]:
    """The object ids of users whom the latest change from here left switched off there."""
    query = sa.select(col(DirectoryChange.object_id), col(DirectoryChange.is_enabled))
    done = query.where(col(DirectoryChange.status) == ChangeStatus.DONE).order_by(col(DirectoryChange.id))
    latest = {object_id or "": is_enabled for object_id, is_enabled in db.execute(done)}
    return {object_id for object_id, is_enabled in latest.items() if not is_enabled}
