"""The columns of User Accounts on screen."""

from __future__ import annotations

from core.tables import list_columns
from pages.shared import cells
from pages.shared.columns import Look, wide, with_looks, with_reason

MASK = "••••-••••"

COLUMNS = with_looks(
    list_columns.ACCOUNTS,
    {
        "name": Look("name", standard=True, config=wide),
        "user_type": Look("user_type", standard=True),
        "section": Look("section", standard=True),
        "students": Look("students", standard=True),
        "username": Look("username", standard=True),
        "state": Look("state", standard=True, cells=cells.state_chips, config=cells.state_column),
        "invited_at": Look("invited_at", standard=True),
        "invitation_ends_at": Look("invitation_ends_at", standard=True),
        "last_sign_in_at": Look("last_sign_in_at", standard=True),
        "first_sign_in_at": Look("first_sign_in_at"),
        "sign_in_method": Look("sign_in_method"),
        "address": Look("address"),
        "mobile": Look("mobile"),
        "email_refusal": Look("email_refusal", config=with_reason),
        "sms_refusal": Look("sms_refusal", config=with_reason),
        "roles": Look("roles"),
        "active": Look("active"),
        "verified": Look("verified"),
        "delivery": Look("delivery", config=with_reason),
        "times_invited": Look("times_invited"),
        "invited_by": Look("invited_by"),
        "must_change_password": Look("must_change_password"),
        "initial_password": Look(
            "initial_password", cells=lambda rows: [MASK if live else "" for live in rows["initial_password"]]
        ),
        "pending": Look("pending_provider_at"),
        "created_at": Look("created_at"),
    },
)
