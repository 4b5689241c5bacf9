"""Which address was verified; whoever lost their way in is invited anew; previews and a logo for reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("verified_address", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "preview_page",
        sa.Column("preview", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "school_logo",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_preview_page_account_id", "preview_page", ["account_id"])
    op.create_index("ix_preview_page_expires_at", "preview_page", ["expires_at"])
    account = sa.table(
        "account",
        *(sa.column(name) for name in ("id", "sign_in_method", "password_hash", "object_id")),
        *(sa.column(name) for name in ("verified_at", "first_sign_in_at", "verified_address")),
    )
    _from_used_links(account)
    microsoft = account.c.sign_in_method == "microsoft"
    lost = sa.case((microsoft, account.c.object_id.is_(None)), else_=account.c.password_hash == "")
    known = sa.or_(account.c.verified_at.is_not(None), account.c.first_sign_in_at.is_not(None))
    op.execute(sa.update(account).where(lost, known).values(verified_at=None, first_sign_in_at=None))


def _from_used_links(account: sa.TableClause) -> None:
    """The latest link that went out by e-mail and was used."""
    names = ("id", "account_id", "purpose", "channel", "address", "used_at")
    link = sa.table("invitation", *(sa.column(name) for name in names))
    mine = sa.select(link.c.address).where(link.c.account_id == account.c.id, link.c.purpose == "link")
    used = mine.where(link.c.channel == "email", link.c.used_at.is_not(None)).order_by(link.c.id.desc()).limit(1)
    address = sa.func.coalesce(used.scalar_subquery(), "")
    op.execute(sa.update(account).where(account.c.verified_at.is_not(None)).values(verified_address=address))
