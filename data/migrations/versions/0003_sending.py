"""Sending: the words of providers, opt-outs, heartbeats of workers, when a campaign starts, and its limits."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from core.models.columns import UtcDateTime
from core.rules.contact_data import read_mobile

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIMITS = {
    "sms_password_days": 7,
    "sms_from_hour": 8,
    "sms_until_hour": 21,
    "sms_per_number_per_day": 5,
    "email_per_day": 100_000,
    "sms_per_day": 5_000,
    "fresh_code_above": 100,
    "typed_count_above": 1_000,
    "pause_after_failures": 10,
}


def upgrade() -> None:
    _new_tables()
    _columns_of_messages()
    _settings()


def _new_tables() -> None:
    op.create_table(
        "delivery_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("applied_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "status", "code"),
    )
    op.create_index("delivery_event_by_wait", "delivery_event", ["applied_at", "received_at"])
    op.create_table(
        "opt_out",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address"),
    )
    op.create_table(
        "delivery_worker",
        sa.Column("executor_id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("beat_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("executor_id"),
    )
    op.create_table(
        "delivery_job",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ran_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _columns_of_messages() -> None:
    op.add_column("person", sa.Column("phone_region", sa.String(), nullable=False, server_default=""))
    _phones_of_people()
    op.add_column("sign_in_session", sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("segments", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("message", sa.Column("event_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index("message_by_address", "message", ["address", "claimed_at"])
    op.create_index("message_by_claim", "message", ["channel", "claimed_at"])
    op.create_index("message_by_provider", "message", ["provider_id"])
    op.add_column("campaign", sa.Column("by_family", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("campaign", sa.Column("next_try_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("campaign", sa.Column("next_try_why", sa.String(), nullable=False, server_default=""))
    # A column that may not be empty needs a value for the rows there are; SQLite wants it to be constant.
    moment = sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00")
    op.add_column("campaign", moment)
    op.execute("UPDATE campaign SET starts_at = launched_at")


def _phones_of_people() -> None:
    """A phone that can get an SMS is written as E.164, with its country beside it."""
    person = sa.table("person", *(sa.column(name) for name in ("id", "phone", "phone_region")))
    connection = op.get_bind()
    region = connection.scalar(sa.text("SELECT default_region FROM school_settings")) or "GR"
    rows = connection.execute(sa.select(person.c.id, person.c.phone).where(person.c.phone != "")).all()
    for row_id, typed in rows:
        number, country = read_mobile(typed, region)
        if country:
            changed = sa.update(person).where(person.c.id == row_id)
            connection.execute(changed.values(phone=number, phone_region=country))


def _settings() -> None:
    for name, number in LIMITS.items():
        op.add_column("school_settings", sa.Column(name, sa.Integer(), nullable=False, server_default=str(number)))
    for name, price in (("sms_price", "0.06"), ("sms_spend_per_day", "100")):
        op.add_column("school_settings", sa.Column(name, sa.Float(), nullable=False, server_default=price))
    op.add_column("school_settings", sa.Column("sms_currency", sa.String(), nullable=False, server_default="EUR"))
    for name, value in (("sms_number_order", ["student", "guardian", "home"]), ("sms_guardian_grades", [])):
        kind = sa.JSON(none_as_null=True)
        op.add_column("school_settings", sa.Column(name, kind, nullable=False, server_default=json.dumps(value)))


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
