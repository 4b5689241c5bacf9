"""Messages of a campaign that may have been sent, for whoever decides about them one by one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Invitation, Message, MessageAccount, MessageStatus, Person
from core.permissions import Actor, Permission
from core.tables import recipients, scope
from core.tables.frames import masked

AT_ONCE = 500  # of more, the next come when these are decided


def named(db: Session, actor: Actor, *, campaign_id: int) -> dict[int, str]:
    """The first of them by name: each message with its people and where it went."""
    actor.require(Permission.SEND)
    mine = (col(Message.campaign_id) == campaign_id, col(Message.status) == MessageStatus.UNKNOWN, scope.people(actor))
    by_name = sa.func.min(col(Person.sort_name))
    first = _people(col(Message.id)).where(*mine).group_by(col(Message.id)).order_by(by_name, col(Message.id))
    ids = list(db.scalars(first.limit(AT_ONCE)))
    rows = _people(col(Message.id), col(Person.last_name), col(Person.first_name), col(Message.address))
    people: dict[int, list[str]] = {message_id: [] for message_id in ids}
    addresses: dict[int, str] = {}
    for message_id, last, first_name, address in db.execute(
        rows.where(*mine, col(Message.id).in_(ids)).order_by(col(Person.sort_name))
    ):
        people[message_id].append(f"{last} {first_name}".strip())
        addresses[message_id] = address if actor.may(Permission.SEE_CONTACTS) else masked(address)
    return {message_id: f"{', '.join(people[message_id])} · {addresses[message_id]}" for message_id in addresses}


def outdated(campaign_id: int) -> sa.ColumnElement[bool]:
    """Holds for a message whose people have been sent something newer: it would end that, or come twice."""
    tied = sa.select(col(MessageAccount.message_id)).where(col(MessageAccount.campaign_id) == campaign_id)
    carried = tied.join(Invitation, col(Invitation.id) == col(MessageAccount.invitation_id))
    replaced = carried.where(col(Invitation.superseded_at).is_not(None))
    return sa.or_(col(Message.id).in_(replaced), col(Message.id).in_(recipients.overtaken(campaign_id)))


def _people(*columns: Any) -> sa.Select[Any]:
    rows = sa.select(*columns).join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    rows = rows.join(Account, col(Account.id) == col(MessageAccount.account_id))
    return rows.join(Person, col(Person.id) == col(Account.person_id))
