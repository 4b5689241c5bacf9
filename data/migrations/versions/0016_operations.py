"""All sending can be held, and is after a backup was restored; faults are kept under their numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sending_hold",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_label", sa.String(), nullable=False),
        sa.Column("restored_from", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "fault",
        sa.Column("reference", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
    )
    op.create_index("ix_fault_at", "fault", ["at"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
