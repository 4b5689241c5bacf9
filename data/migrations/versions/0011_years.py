"""Reminders of invitations, how long things are kept, and school years that are begun and can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.models.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBERS = {
    **{"reminder_after_days": 5, "reminders_at_most": 2, "reminder_hour": 10},
    **{"keep_invitations_days": 30, "keep_outbox_days": 30, "keep_leavers_months": 12, "keep_audit_months": 24},
}


def upgrade() -> None:
    op.add_column("school_settings", sa.Column("reminders", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, number in NUMBERS.items():
        op.add_column("school_settings", sa.Column(name, sa.Integer(), nullable=False, server_default=str(number)))
    op.create_table(
        "reminder_run",
        sa.Column("day", sa.Date(), nullable=False),
        _moment("made_at"),
        sa.Column("campaign_id", sa.Integer(), sa.ForeignKey("campaign.id"), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    _years()


def _years() -> None:
    op.create_table(
        "year_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("period_id", sa.Integer(), sa.ForeignKey("academic_period.id"), nullable=False),
        sa.Column("made_by", sa.Integer(), sa.ForeignKey("account.id"), nullable=True),
        _moment("made_at"),
        _moment("undone_at", nullable=True),
        *(
            sa.Column(name, sa.JSON(none_as_null=True), nullable=False)
            for name in ("current_before", "sections_made", "roles_made", "roles_before")
        ),
    )
    op.create_table(
        "year_move",
        sa.Column("change_id", sa.Integer(), sa.ForeignKey("year_change.id"), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("section_id", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("grade", "sort_grade", "status")),
        _moment("updated_at"),
        sa.Column("to_section_id", sa.Integer(), nullable=True),
        sa.Column("enrols", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", "person_id"),
    )
    op.create_index("ix_year_move_person_id", "year_move", ["person_id"])
    op.create_index("year_move_by_target", "year_move", ["change_id", "to_section_id"])


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, core.models.columns.UtcDateTime(timezone=True), nullable=nullable)


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
