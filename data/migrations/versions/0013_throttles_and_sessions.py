"""Wrong sign-ins are counted per window; the school decides how long sessions live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MINUTES_AND_HOURS = {
    "administrator_idle_minutes": 15,
    "administrator_session_hours": 8,
    "idle_minutes": 30,
    "session_hours": 12,
}


def upgrade() -> None:
    op.create_table(
        "throttle",
        sa.Column("scope", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("began_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True)),
    )
    for name, value in MINUTES_AND_HOURS.items():
        op.add_column("school_settings", sa.Column(name, sa.Integer(), nullable=False, server_default=str(value)))
    told = sa.Column("tell_students_of_new_devices", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("school_settings", told)


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
