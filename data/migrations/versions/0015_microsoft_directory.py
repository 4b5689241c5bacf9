"""Microsoft's directory: who is in it, who of the school that may be, and users to be made or changed there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()
    _users()
    _matches()
    _changes()
    for name in ("microsoft_domain", "microsoft_licence_group"):
        op.add_column("school_settings", sa.Column(name, sa.String(), nullable=False, server_default=""))
    once = sa.Column("microsoft_only_on_creation", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("school_settings", once)


def _runs() -> None:
    op.create_table(
        "directory_run",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("token", sa.String(), nullable=False),
        *_texts("kind", "status"),
        sa.Column("asked_by", sa.Integer(), sa.ForeignKey("account.id")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        *_texts("refusal", "tenant_id", "group_id", "country"),
        sa.UniqueConstraint("token"),
    )
    op.create_index("ix_directory_run_status", "directory_run", ["status"])


def _users() -> None:
    op.create_table(
        "directory_user",
        sa.Column("object_id", sa.String(), primary_key=True),
        sa.Column("run_id", sa.Integer(), nullable=False),
        *_texts("address", "display_name", "given_name", "surname", "employee_id", "mail"),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_directory_user_run_id", "directory_user", ["run_id"])


def _matches() -> None:
    op.create_table(
        "directory_match",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=False),
        *_texts("tenant_id", "object_id", "certainty", "reason", "decision"),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("person_id", "object_id"),
    )
    op.create_index("directory_match_by_decision", "directory_match", ["decision", "certainty", "person_id"])
    op.create_index("directory_match_by_object", "directory_match", ["object_id", "decision"])


def _changes() -> None:
    op.create_table(
        "directory_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("directory_run.id"), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=False),
        *_texts("address", "given_name", "surname", "employee_id"),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        *_texts("uid", "kid"),
        sa.Column("object_id", sa.String()),
        *_texts("status", "reason"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("run_id", "person_id"),
    )
    op.create_index("directory_change_by_status", "directory_change", ["run_id", "status", "id"])
    op.create_index("ix_directory_change_person_id", "directory_change", ["person_id"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
