"""Whoever lost their way in by a conversion counts as not yet verified, and can be invited anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    account = sa.table(
        "account",
        *(sa.column(name) for name in ("sign_in_method", "password_hash", "object_id")),
        *(sa.column(name) for name in ("verified_at", "first_sign_in_at")),
    )
    microsoft = account.c.sign_in_method == "microsoft"
    lost = sa.case((microsoft, account.c.object_id.is_(None)), else_=account.c.password_hash == "")
    known = sa.or_(account.c.verified_at.is_not(None), account.c.first_sign_in_at.is_not(None))
    op.execute(sa.update(account).where(lost, known).values(verified_at=None, first_sign_in_at=None))
