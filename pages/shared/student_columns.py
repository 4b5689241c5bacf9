"""The columns of the Students List on screen."""

from __future__ import annotations

from core.tables import list_columns
from pages.shared import cells
from pages.shared.columns import Look, wide, with_looks, with_reason

COLUMNS = with_looks(
    list_columns.STUDENTS,
    {
        "source_id": Look("source_id", standard=True),
        "name": Look("name", standard=True, config=wide),
        "last_name": Look("name"),
        "first_name": Look("first_name"),
        "grade": Look("grade"),
        "section": Look("section", standard=True),
        "programme": Look("programme"),
        "status": Look("status"),
        "state": Look("state", standard=True, cells=cells.state_chips, config=cells.state_column),
        "email_refusal": Look("email_refusal", standard=True, config=with_reason),
        "sms_refusal": Look("sms_refusal", config=with_reason),
        "invited_at": Look("invited_at", standard=True),
        "username": Look("username", standard=True),
        "personal_email": Look("personal_email"),
        "use_personal_email": Look("use_personal_email"),
        "contact_email": Look("contact_email"),
        "external_email": Look("external_email"),
        "mobile": Look("mobile"),
        "guardian": Look("guardian"),
        "guardian_mobile": Look("guardian_mobile"),
        "language": Look("language"),
        "updated_at": Look("updated_at"),
    },
)
