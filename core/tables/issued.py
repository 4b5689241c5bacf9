"""Who invited the accounts of a page last, and which of them have an initial password that still opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Campaign, Invitation, Message, MessageAccount, Person, Purpose
from core.models.messaging import NO_INVITATION
from core.tables import handing_over

COLUMNS = frozenset({"invited_by", "initial_password"})


def of_accounts(db: Session, account_ids: Sequence[int]) -> dict[str, list[Any]]:
    """The columns `invited_by` (names of staff, else what the campaign was launched by) and `initial_password`."""
    by_hand, by_campaign = _by_hand(db, account_ids), _by_campaign(db, account_ids)
    live = _with_live_password(db, account_ids)
    invited_by = [by_hand.get(account_id) or by_campaign.get(account_id, "") for account_id in account_ids]
    return {"invited_by": invited_by, "initial_password": [account_id in live for account_id in account_ids]}


def _by_hand(db: Session, account_ids: Sequence[int]) -> dict[int, str]:
    """Whoever issued the latest invitation, where it was issued by hand."""
    way_in = col(Invitation.purpose).in_((Purpose.LINK, Purpose.PASSWORD))
    latest = sa.select(sa.func.max(col(Invitation.id))).where(col(Invitation.account_id).in_(account_ids), way_in)
    query = sa.select(col(Invitation.account_id), col(Person.first_name), col(Person.last_name))
    query = query.join(Account, col(Account.id) == col(Invitation.issued_by)).join(
        Person, col(Person.id) == col(Account.person_id)
    )
    rows = db.execute(query.where(col(Invitation.id).in_(latest.group_by(col(Invitation.account_id)))))
    return {account_id: f"{first} {last}" for account_id, first, last in rows}


def _by_campaign(db: Session, account_ids: Sequence[int]) -> dict[int, str]:
    """Whoever launched the latest campaign that wrote to the account."""
    invited = sa.select(sa.func.max(col(MessageAccount.message_id)))
    invited = invited.join(Campaign, col(Campaign.id) == col(MessageAccount.campaign_id))
    latest = invited.where(
        col(MessageAccount.account_id).in_(account_ids), col(Campaign.kind).not_in(sorted(NO_INVITATION))
    )
    query = sa.select(
        col(MessageAccount.account_id), col(Campaign.launched_by_label), col(Person.first_name), col(Person.last_name)
    )
    query = query.join(Message, col(Message.id) == col(MessageAccount.message_id))
    query = query.join(Campaign, col(Campaign.id) == col(Message.campaign_id))
    query = query.outerjoin(Account, col(Account.id) == col(Campaign.launched_by))
    query = query.outerjoin(Person, col(Person.id) == col(Account.person_id))
    rows = db.execute(
        query.where(
            col(MessageAccount.account_id).in_(account_ids),
            col(Message.id).in_(latest.group_by(col(MessageAccount.account_id))),
        )
    )
    return {row[0]: f"{row.first_name} {row.last_name}" if row.last_name else row.launched_by_label for row in rows}


def _with_live_password(db: Session, account_ids: Sequence[int]) -> set[int]:
    return set(db.scalars(handing_over.with_password().where(col(Invitation.account_id).in_(account_ids))))


def has_live_password() -> sa.ColumnElement[bool]:
    """Whether the account of a row has an initial password that still opens."""
    mine = handing_over.with_password().where(col(Invitation.account_id) == col(Account.id))
    return mine.correlate(Account).exists()


def is_of_live_password() -> sa.ColumnElement[bool]:
    """The same for all of them at once: few have one, and they are found sooner than each account is asked."""
    return col(Account.id).in_(handing_over.with_password())


def inviter() -> sa.ColumnElement[Any]:
    """What sorts the account of a row by who invited it last, None where nobody did: the same as `of_accounts` says."""
    by, person = aliased(Account), aliased(Person)
    by_hand = sa.select(col(person.sort_first_name)).join(by, col(by.person_id) == col(person.id))
    by_hand = by_hand.join(Invitation, col(Invitation.issued_by) == col(by.id))
    by_hand = by_hand.where(col(Invitation.id) == _latest_by_hand().correlate(Account).scalar_subquery())
    sender, owner = aliased(Account), aliased(Person)
    by_campaign = sa.select(
        sa.func.coalesce(col(owner.sort_first_name), sa.func.lower(col(Campaign.launched_by_label)))
    )
    by_campaign = by_campaign.select_from(Campaign).outerjoin(sender, col(sender.id) == col(Campaign.launched_by))
    by_campaign = by_campaign.outerjoin(owner, col(owner.id) == col(sender.person_id))
    by_campaign = by_campaign.where(col(Campaign.id) == _latest_campaign().correlate(Account).scalar_subquery())
    ways = (way.correlate(Account).scalar_subquery() for way in (by_hand, by_campaign))
    return sa.func.nullif(sa.func.coalesce(*ways), "")


def _latest_by_hand() -> sa.Select[Any]:
    latest = aliased(Invitation)
    way_in = col(latest.purpose).in_((Purpose.LINK, Purpose.PASSWORD))
    return sa.select(sa.func.max(col(latest.id))).where(col(latest.account_id) == col(Account.id), way_in)


def _latest_campaign() -> sa.Select[Any]:
    campaign = aliased(Campaign)
    mine = sa.select(col(campaign.id)).join(MessageAccount, col(MessageAccount.campaign_id) == col(campaign.id))
    mine = mine.where(
        col(MessageAccount.account_id) == col(Account.id), col(campaign.kind).not_in(sorted(NO_INVITATION))
    )
    return mine.order_by(col(MessageAccount.message_id).desc()).limit(1)
