"""Account status reads from the index of people who of them has an account."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("person_for_status", "person")
    op.create_index(
        "person_for_status",
        "person",
        [
            *("id", "kind", "section_id", "grade", "mobile_region", "phone_region"),
            *("use_personal_email", "personal_email_valid", "contact_email_valid", "has_account"),
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
