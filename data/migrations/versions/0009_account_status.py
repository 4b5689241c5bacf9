"""Account status reads what it asks of everybody from narrow indexes."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "person_for_status",
        "person",
        [
            *("id", "kind", "section_id", "grade", "mobile_region", "phone_region"),
            *("use_personal_email", "personal_email_valid", "contact_email_valid"),
        ],
    )
    op.create_index(
        "account_for_status",
        "account",
        [
            *("person_id", "user_type", "standing", "first_sign_in_at", "verified_at", "invited_at"),
            *("invitation_ends_at", "delivery", "delivery_reason", "created_at", "deactivated_at"),
            *("suspended_at", "pending_provider_at", "times_invited", "id"),
        ],
    )
    columns = ["account_id", "id", "purpose", "channel", "issued_at"]
    op.create_index("invitation_by_channel", "invitation", columns)


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
