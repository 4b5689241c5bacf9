"""Campaigns, their messages, and the wordings they use."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime, json_type


class Channel(StrEnum):
    """How something reaches a person."""

    EMAIL = "email"
    SMS = "sms"
    PAPER = "paper"
    COPIED = "copied"


class CampaignKind(StrEnum):
    """What a campaign or a single message says."""

    INITIAL_INVITATION = "initial_invitation"
    NEW_LINK = "new_link"
    ADDRESS_CHANGED = "address_changed"


class CampaignStatus(StrEnum):
    """What was decided about a campaign; how far it got is counted from its messages."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class MessageStatus(StrEnum):
    """queued -> sending -> sent | written | failed | unknown; sending -> queued (transient); queued -> cancelled.

    `written`: put into the embedded outbox of a real school, which sends nothing.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    WRITTEN = "written"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class FailureReason(StrEnum):
    """Why a message failed, or whom a campaign paused."""

    BOUNCED = "bounced"
    BLOCKED = "blocked"
    BAD_ADDRESS = "bad_address"
    OVER_LIMIT = "over_limit"
    REPLACED = "replaced"
    CONFIGURATION = "configuration"


class Wording(SQLModel, table=True):
    """One version of a text with {fields}, in one language. Versions are never changed, only followed."""

    __table_args__ = (sa.UniqueConstraint("kind", "channel", "language", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    channel: str
    language: str
    version: int
    subject: str
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class Campaign(SQLModel, table=True):
    """One launch to many. `wording_ids` maps a language to the wording frozen at launch."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    channel: str
    status: str = CampaignStatus.RUNNING
    idempotency_key: str = Field(unique=True)
    wording_ids: dict[str, int] = Field(sa_type=json_type())
    link_days: int
    launched_by: int | None = Field(default=None, foreign_key="account.id")
    launched_by_label: str
    launched_at: datetime = Field(sa_type=UtcDateTime)
    recipients: int
    skipped: dict[str, int] = Field(default_factory=dict, sa_type=json_type())
    recipients_digest: str
    pause_reason: str = ""


class Message(SQLModel, table=True):
    """One thing sent to one address. `reference` is our unguessable name for it: Message-ID, callbacks."""

    __table_args__ = (
        sa.Index("message_by_batch", "campaign_id", "batch", "status"),
        sa.Index("message_by_status", "campaign_id", "status"),
    )

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    batch: int
    channel: str
    address: str
    language: str
    reference: str = Field(unique=True)
    status: str = MessageStatus.QUEUED
    reason: str | None = None
    detail: str | None = None
    provider_id: str | None = None
    attempts: int = 0
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MessageAccount(SQLModel, table=True):
    """Whose credentials a message carries; the link is issued when the message is claimed."""

    __tablename__ = "message_account"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "account_id"),)

    message_id: int = Field(foreign_key="message.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id")
