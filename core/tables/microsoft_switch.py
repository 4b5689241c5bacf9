"""What differs when the school begins or ends to use Microsoft 365: usernames that exist stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person, SignInMethod
from core.permissions import Actor, Permission
from core.tables import reachability, school


@dataclass(frozen=True)
class Differences:
    """How many accounts it concerns. `lost` could be invited by e-mail before and could not after, `won` the reverse.

    `local` accounts would be Microsoft's if they were made now; `microsoft` ones are there already.
    """

    local: int
    microsoft: int
    won: int
    lost: int


def differences(db: Session, actor: Actor, *, on: bool, user_types: Collection[str]) -> Differences:
    """Compare today's rules with those after the change; changes nothing."""
    actor.require(Permission.CHANGE_SETTINGS)
    own = school.settings(db)
    wanted = own.model_copy(update={"microsoft": on, "microsoft_user_types": sorted(user_types)})
    had, has = (reachability.can_be_invited(school.policy(rules)) for rules in (own, wanted))
    is_local = col(Account.sign_in_method) == SignInMethod.LOCAL
    would_be = col(Account.user_type).in_(sorted(user_types)) if on else sa.false()
    counts = [
        sa.func.sum(sa.case((condition, 1), else_=0))
        for condition in (
            sa.and_(is_local, would_be),
            sa.not_(is_local),
            sa.and_(sa.not_(had), has),
            sa.and_(had, sa.not_(has)),
        )
    ]
    query = sa.select(*counts).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    return Differences(*(int(number or 0) for number in db.execute(query).one()))
