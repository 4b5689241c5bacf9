"""The link to a new address of somebody who is verified: it asks whether it is theirs, and opens nothing (R23)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Account, Invitation, Person, Purpose
from core.permissions import Actor, Permission
from core.services import address_notices, audit
from core.tables import links, moved_addresses, school, scope


@dataclass(frozen=True)
class Question:
    """What the link asks. Only a live one names a person and an address."""

    school_name: str
    is_live: bool = False
    first_name: str = ""
    address: str = ""
    language: str = ""


def look_up(db: Session, *, token: str) -> Question:
    """What the link asks; reads only."""
    name, found = school.settings(db).school_name, _find(db, token)
    if found is None:
        return Question(name)
    invitation, _account, person = found
    return Question(name, True, person.first_name, invitation.address, person.language)


def confirm(db: Session, visitor: Actor, *, token: str) -> bool:
    """Store that the address is theirs and use the link up; false when it is no longer live."""
    found = _find(db, token)
    if found is None:
        return False
    invitation, account, _person = found
    db.refresh(account, with_for_update=True)  # always the account first, as whoever issues does
    unused = (col(Invitation.used_at).is_(None), col(Invitation.superseded_at).is_(None))
    use = sa.update(Invitation).where(col(Invitation.id) == invitation.id, *unused).values(used_at=clock.now())
    if db.execute(use).rowcount != 1:  # type: ignore[attr-defined]
        return False
    account.verified_address = invitation.address
    db.add(account)
    audit.record(db, visitor, action="address.confirmed", object_kind="account", object_id=account.id)
    return True


def ask(db: Session, actor: Actor, *, account_id: int) -> int:
    """Send the question to the address in use; gives the campaign, which the caller starts after the commit."""
    actor.require(Permission.SEND)
    query = sa.select(Account).join(Person, col(Person.id) == col(Account.person_id))
    mine = query.where(col(Account.id) == account_id, scope.people(actor))
    account = db.scalars(mine.with_for_update(of=Account)).first()
    if account is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    if moved_addresses.now(db, [account_id]).get(account_id) == account.verified_address:
        raise Conflict("This address is confirmed already.")
    campaign_id = address_notices.ask_to_confirm(db, actor, account_ids=[account_id])
    if campaign_id is None:
        raise Conflict("There is no usable e-mail address, or nobody has chosen a password yet. Look at the contacts.")
    audit.record(db, actor, action="address.asked", object_kind="account", object_id=account_id)
    return campaign_id


def _find(db: Session, token: str) -> tuple[Invitation, Account, Person] | None:
    """A live link of an account that is switched on."""
    found = links.find(db, token=token, purposes=(Purpose.ADDRESS,))
    if found is None or found[1].deactivated_at is not None:
        return None
    link = found[0]
    ended = link.used_at is not None or link.superseded_at is not None or link.expires_at <= clock.now()
    return None if ended else found
