"""Campaigns above a settable number wait for a second administrator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    above = sa.Column("second_administrator_above", sa.Integer(), nullable=False, server_default="0")
    op.add_column("school_settings", above)
    op.add_column("campaign", sa.Column("needs_approval", sa.Boolean(), nullable=False, server_default=sa.false()))
