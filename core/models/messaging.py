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
    FAMILY_INVITATION = "family_invitation"
    INITIAL_CREDENTIALS = "initial_credentials"
    INITIAL_CREDENTIALS_MICROSOFT = "initial_credentials_microsoft"
    NEW_LINK = "new_link"
    ADDRESS_CHANGED = "address_changed"
    CONFIRM_ADDRESS = "confirm_address"
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    TEST = "test"
    ALERT = "alert"
    REMINDER = "reminder"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a word, not a password)
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    NEW_DEVICE = "new_device"
    SIGN_IN_ALARM = "sign_in_alarm"


# Notices, and a test to oneself: nothing in them opens anything.
CARRIES_NOTHING = frozenset(
    {
        CampaignKind.ADDRESS_CHANGED.value,
        CampaignKind.TEST.value,
        CampaignKind.ALERT.value,
        CampaignKind.PASSWORD_CHANGED.value,
        CampaignKind.NEW_DEVICE.value,
        CampaignKind.SIGN_IN_ALARM.value,
        CampaignKind.SECOND_FACTOR_SET.value,
        CampaignKind.SECOND_FACTOR_REMOVED.value,
    }
)
NO_INVITATION = CARRIES_NOTHING | {CampaignKind.CONFIRM_ADDRESS.value, CampaignKind.RESET_PASSWORD.value}


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
    NUMBER_FULL = "number_full"
    REPLACED = "replaced"
    CONFIGURATION = "configuration"
    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    CARRIER = "carrier"
    UNWRITABLE = "unwritable"


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
    """One launch to many. `wording_ids` maps a language to the wording frozen at launch.

    Nothing leaves before `starts_at`: the moment asked for, and time to change one's mind. `by_family`: one message to
    an address names all of its people. `needs_approval`: it is paused until another administrator has looked (R32).
    `next_try_at` and `next_try_why`: what the messages that were put off wait for.
    """

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
    starts_at: datetime = Field(sa_type=UtcDateTime)
    by_family: bool = False
    recipients: int
    skipped: dict[str, int] = Field(default_factory=dict, sa_type=json_type())
    recipients_digest: str
    pause_reason: str = ""
    needs_approval: bool = False
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_try_why: str = ""


class Message(SQLModel, table=True):
    """One thing sent to one address. `reference` is our unguessable name for it: Message-ID, callbacks.

    `segments` is how many parts an SMS had; `event_at` is when the provider last said something about it. While it is
    being sent, `finished_at` holds the claim before: what ends in its claim was no try, and goes back to that.
    """

    __table_args__ = (
        sa.Index("message_by_batch", "campaign_id", "batch", "status"),
        sa.Index("message_by_status", "campaign_id", "status"),
        sa.Index("message_by_address", "address", "claimed_at"),
        sa.Index("message_by_claim", "channel", "claimed_at"),
        sa.Index("message_by_provider", "provider_id"),
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
    segments: int = 0
    event_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MessageAccount(SQLModel, table=True):
    """Whose credentials a message carries; the link is issued when the message is claimed."""

    __tablename__ = "message_account"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "account_id"),)

    message_id: int = Field(foreign_key="message.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    campaign_id: int = Field(foreign_key="campaign.id")
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id")


class CampaignLeftOut(SQLModel, table=True):
    """Who was chosen for a campaign and got nothing, and why at that moment: one of words.GETS_NOTHING."""

    __tablename__ = "campaign_left_out"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True, index=True)
    reason: str


class DeliveryEvent(SQLModel, table=True):
    """The word of a provider about one message, kept before anything follows from it (R83).

    Of a text that somebody sent us there is only that it said STOP or START, so that a replay changes nothing.

    `reference` is the name of ours that came back with it, `provider_id` the provider's. `applied_at` stays empty until
    the message is found: a word may come before our own commit (R85).
    """

    __tablename__ = "delivery_event"
    __table_args__ = (
        sa.UniqueConstraint("provider_id", "status", "code"),
        sa.Index("delivery_event_by_wait", "applied_at", "received_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    provider_id: str
    reference: str = ""
    status: str
    code: str = ""
    received_at: datetime = Field(sa_type=UtcDateTime)
    applied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OptOut(SQLModel, table=True):
    """An address whose owner wants no messages: final until they say otherwise to the provider (R88)."""

    __tablename__ = "opt_out"

    channel: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)


class DeliveryWorker(SQLModel, table=True):
    """The heartbeat of a process that delivers; whose heart is silent loses its batches to the others."""

    __tablename__ = "delivery_worker"

    executor_id: str = Field(primary_key=True)
    host: str
    process_id: int
    started_at: datetime = Field(sa_type=UtcDateTime)
    beat_at: datetime = Field(sa_type=UtcDateTime)


class DeliveryJob(SQLModel, table=True):
    """Work that comes again and that one process at a time does, with the moment of its latest run.

    While it fails there is a row `failing: <name>` beside it, with the moment from which that concerns a person.
    """

    __tablename__ = "delivery_job"

    name: str = Field(primary_key=True)
    ran_at: datetime = Field(sa_type=UtcDateTime)


class SendingHold(SQLModel, table=True):
    """While this row (id 1) is there, nothing is sent. `restored_from`: the moment of the backup it came with."""

    __tablename__ = "sending_hold"

    id: int = Field(default=1, primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
    by_label: str
    restored_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
