"""To count a list, the narrow indexes of people and accounts are read, in which stands what it may ask for.

Orders of people end with the grade: who walks along them to those of a grade reads nothing else.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


WITH_GRADE = {
    "person_by_name": ["kind", "sort_name", "id"],
    "person_by_first_name": ["sort_first_name", "id", "kind"],
    "person_by_status": ["kind", "status", "sort_name", "id"],
    "person_by_programme": ["kind", "programme", "sort_name", "id"],
    "person_by_language": ["kind", "language", "sort_name", "id"],
}


def upgrade() -> None:
    for name, columns in WITH_GRADE.items():
        op.drop_index(name, "person")
        op.create_index(name, "person", [*columns, "grade"])
    kept = op.get_bind().dialect.name != "sqlite"  # SQLite adds only computed columns that are not stored
    op.add_column(
        "account", sa.Column("has_password", sa.Boolean(), sa.Computed("password_hash <> ''", persisted=kept))
    )
    op.drop_index("person_for_status", "person")
    op.create_index(
        "person_for_status",
        "person",
        [
            *("id", "kind", "section_id", "grade", "status", "mobile_region", "phone_region", "use_personal_email"),
            *("personal_email_valid", "contact_email_valid", "has_account", "mobile"),
        ],
    )
    op.drop_index("person_by_update", "person")
    op.create_index("person_by_update", "person", ["kind", "updated_at", "id"])
    op.drop_index("person_by_section", "person")
    columns = ["section_id", "kind", "sort_name", "id", "grade", "status"]
    op.create_index("person_by_section", "person", columns)
    columns = ["student_id", "priority", "id", "guardian_id", "may_sms", "starts_on", "ends_on"]
    op.create_index("guardianship_in_order", "guardianship", columns)
    op.drop_index("account_for_status", "account")
    op.create_index(
        "account_for_status",
        "account",
        [
            *("person_id", "user_type", "standing", "first_sign_in_at", "verified_at", "invited_at"),
            *("invitation_ends_at", "delivery", "delivery_reason", "created_at", "deactivated_at"),
            *("suspended_at", "pending_provider_at", "times_invited", "has_password", "id"),
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
