"""The audit: whom entries are about, and a database that refuses to change them (R63, R96)."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGED = "entries of the audit are never changed"
DELETED = "entries of the audit are deleted by retention only"
TAKEN = "there is an entry of the audit with this number"
_ALLOWED = "EXISTS (SELECT 1 FROM audit_pruning WHERE upto >= OLD.seq)"


def upgrade() -> None:
    for name in ("reason", "request"):
        op.add_column("audit_entry", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_index("audit_by_time", "audit_entry", ["at", "seq"])
    op.create_table(
        "audit_people",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
    )
    op.create_table("audit_pruning", sa.Column("upto", sa.Integer(), primary_key=True, autoincrement=False))
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
    )
    op.create_index("ix_alert_at", "alert", ["at"])
    _settings()
    for name in ("grades", "schools"):
        kind = sa.JSON(none_as_null=True)
        op.add_column("account_role", sa.Column(name, kind, nullable=False, server_default="[]"))
    if op.get_bind().dialect.name == "sqlite":
        _triggers_of_sqlite()
    else:
        _triggers_of_postgresql()


def _settings() -> None:
    for name in ("alert_address", "portal_address"):
        op.add_column("school_settings", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for name, number in (("password_expires_days", "0"), ("slip_days", "21")):
        op.add_column("school_settings", sa.Column(name, sa.Integer(), nullable=False, server_default=number))
    shown = sa.Column("show_first_password", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("school_settings", shown)
    empty: dict[str, object] = {"password_lengths": {}, "default_roles": {}, "auto_invite": []}
    for name, value in (empty | {"languages": ["en", "el"], "registered_statuses": ["registered"]}).items():
        kind = sa.JSON(none_as_null=True)
        op.add_column("school_settings", sa.Column(name, kind, nullable=False, server_default=json.dumps(value)))


def _triggers_of_sqlite() -> None:
    op.execute(
        f"CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, '{CHANGED}'); END"
    )
    op.execute(
        f"CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry WHEN NOT {_ALLOWED} "
        f"BEGIN SELECT RAISE(ABORT, '{DELETED}'); END"
    )
    # REPLACE deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER audit_entry_new BEFORE INSERT ON audit_entry "
        "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE seq = NEW.seq) "
        f"BEGIN SELECT RAISE(ABORT, '{TAKEN}'); END"
    )


def _triggers_of_postgresql() -> None:
    body = (
        f"BEGIN IF TG_OP = 'DELETE' AND {_ALLOWED} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '%', CASE TG_OP WHEN 'UPDATE' THEN '{CHANGED}' ELSE '{DELETED}' END; END"
    )
    op.execute(f"CREATE FUNCTION audit_entry_kept() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    op.execute(
        "CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_kept()"
    )
    refuse = f"BEGIN RAISE EXCEPTION '{DELETED}'; END"
    op.execute(f"CREATE FUNCTION audit_entry_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$")
    op.execute(
        "CREATE TRIGGER audit_entry_never_emptied BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_never_emptied()"
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
