"""Who came back with an import, so that it can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_run", sa.Column("returned", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "import_return",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("import_run.id"), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("reopened", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_import_return_person_id", "import_return", ["person_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
