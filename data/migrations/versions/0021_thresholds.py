"""A campaign by SMS pauses after a number of failures of its own; whom a campaign leaves out is on record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    added = sa.Column("sms_pause_after_failures", sa.Integer(), nullable=False, server_default="10")
    op.add_column("school_settings", added)
    op.execute("UPDATE school_settings SET sms_pause_after_failures = pause_after_failures")  # it was one for both
    op.create_table(
        "campaign_left_out",
        sa.Column("campaign_id", sa.Integer(), sa.ForeignKey("campaign.id"), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_index("ix_campaign_left_out_person_id", "campaign_left_out", ["person_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
