"""A guardian or a member of staff, whether there is an account or not: what the card shows before there is one."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import NotFound
from core.models import Account, Person, PersonKind
from core.permissions import Actor, Permission
from core.tables import account_card, scope
from core.tables.account_card import Owner


@dataclass(frozen=True)
class PersonCard:
    """Who this is; `account_id` is None while there is no account."""

    owner: Owner
    account_id: int | None


def read(db: Session, actor: Actor, *, person_id: int) -> PersonCard:
    """The person within the actor's scope (R60); students have a card of their own."""
    actor.require(Permission.SEE_ACCOUNTS)
    query = sa.select(Person, col(Account.id)).outerjoin(Account, col(Account.person_id) == col(Person.id))
    mine = query.where(col(Person.id) == person_id, col(Person.kind) != PersonKind.STUDENT, scope.people(actor))
    row = db.execute(mine).first()
    if row is None:
        raise NotFound("There is no such person among those whom you may see. Go back to User Accounts.")
    person, account_id = row
    return PersonCard(account_card.owner(db, person, "", masks=not actor.may(Permission.SEE_CONTACTS)), account_id)
