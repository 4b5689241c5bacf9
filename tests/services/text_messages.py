"""Text messages as the engine leaves them, for the tests of what comes afterwards."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from core import clock, database
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    Channel,
    DeliveryEvent,
    Message,
    MessageAccount,
    MessageStatus,
    OptOut,
)

NUMBER = "+306912345678"


def message(account: Account, *, status: str = MessageStatus.SENT, provider_id: str | None = None, **more: Any) -> int:
    """One SMS to one account in a campaign of its own; gives its id."""
    channel = more.pop("channel", Channel.SMS)
    values: dict[str, Any] = {"address": NUMBER, "language": "en", "claimed_at": clock.now(), "attempts": 1} | more
    with database.transaction() as db:
        campaign_id = campaign(db, channel)
        made = Message(
            campaign_id=campaign_id,
            batch=0,
            channel=channel,
            reference=secrets.token_hex(16),
            status=status,
            provider_id=provider_id,
            **values,
        )
        db.add(made)
        db.flush()
        db.add(MessageAccount(message_id=made.id or 0, account_id=account.id or 0, campaign_id=campaign_id))
        return made.id or 0


def campaign(db: Session, channel: Channel) -> int:
    """A campaign to one person that runs; gives its id."""
    made = Campaign(
        kind=CampaignKind.INITIAL_CREDENTIALS,
        channel=channel,
        idempotency_key=secrets.token_hex(16),
        wording_ids={},
        link_days=7,
        launched_by_label="test",
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=1,
        recipients_digest="",
    )
    db.add(made)
    db.flush()
    return made.id or 0


def stored(message_id: int) -> Message:
    with database.reading() as db:
        return db.get_one(Message, message_id)


def account_now(account: Account) -> Account:
    with database.reading() as db:
        return db.get_one(Account, account.id)


def events() -> list[DeliveryEvent]:
    with database.reading() as db:
        return list(db.exec(select(DeliveryEvent).order_by(col(DeliveryEvent.id))))


def opt_outs() -> list[tuple[str, str, datetime]]:
    with database.reading() as db:
        return [(row.channel, row.address, row.since) for row in db.exec(select(OptOut))]
