"""Who left with an import, so that it can be undone; imports from a folder; how many may leave at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    percent = sa.Column("leavers_percent", sa.Integer(), nullable=False, server_default="10")
    op.add_column("school_settings", percent)
    marks = sa.Column("folder_marks_leavers", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("school_settings", marks)
    op.add_column("import_run", sa.Column("leavers_undone_at", sa.DateTime(timezone=True)))
    op.create_table(
        "import_leaver",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("import_run.id"), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("deactivated", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_import_leaver_person_id", "import_leaver", ["person_id"])
    op.create_table(
        "folder_import",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("import_run.id")),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.Column("notes", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
