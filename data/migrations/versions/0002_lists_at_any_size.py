"""Lists at any size: substring indexes, the standing of accounts; views, columns and changes that accounts keep.

The triggers of the SQLite search live on person and account: a later migration that makes one of these tables anew
has to make its triggers anew too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.models.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STANDING = """CASE
WHEN deactivated_at IS NOT NULL THEN 'deactivated'
WHEN suspended_at IS NOT NULL THEN 'locked'
WHEN pending_provider_at IS NOT NULL THEN 'pending_provider'
WHEN first_sign_in_at IS NOT NULL THEN 'signed_in'
WHEN verified_at IS NOT NULL THEN 'verified'
WHEN delivery = 'failed' AND delivery_reason IN ('bounced', 'blocked', 'bad_address') THEN 'bounced'
WHEN invited_at IS NOT NULL THEN 'invited'
ELSE 'not_invited' END"""
ROLE_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key", "fk": "%(table_name)s_%(column_0_name)s_fkey"}
# A text begins with a space, so that " ab" finds the words that begin with ab, and ends with one, so that a last word
# of one letter stands in a trigram too.
SEARCHED = {
    "person": ("{row}.search_text || ' '", "search_text"),
    "account": ("' ' || {row}.username_key || ' '", "username_key"),
}


def upgrade() -> None:
    _new_tables()
    _columns()
    _indexes()
    with_account = "EXISTS (SELECT 1 FROM account WHERE account.person_id = person.id)"
    op.execute(f"UPDATE person SET search_text = ' ' || search_text, has_account = {with_account}")
    if op.get_bind().dialect.name == "sqlite":
        _has_account_of_sqlite()
        for table, (text, column) in SEARCHED.items():
            _search_of_sqlite(table, text, column)
    else:
        _has_account_of_postgresql()
        _search_of_postgresql()


def _new_tables() -> None:
    op.create_table(
        "account_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False, index=True),
        sa.Column("made_at", core.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("undone_at", core.models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "account_change_item",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False, index=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["change_id"], ["account_change.id"]),
        sa.PrimaryKeyConstraint("change_id", "account_id"),
    )
    op.create_table(
        "list_columns",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "list_name"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filter", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", core.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "list_name", "name"),
    )


def _columns() -> None:
    kept = op.get_bind().dialect.name != "sqlite"  # SQLite adds only computed columns that are not stored
    op.add_column("account", sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("standing", sa.String(), sa.Computed(STANDING, persisted=kept)))
    op.add_column("person", sa.Column("has_account", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("invitation", sa.Column("issued_by", sa.Integer(), nullable=True))
    op.add_column(
        "school_settings",
        sa.Column("username_pattern", sa.String(), nullable=False, server_default="FirstName(1)LastName"),
    )
    op.add_column("school_settings", sa.Column("username_suffix", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("account_role", naming_convention=ROLE_NAMES) as role:
        role.add_column(sa.Column("period_id", sa.Integer(), nullable=True))
        role.drop_constraint("account_role_account_id_role_key", type_="unique")
        role.create_unique_constraint("account_role_account_id_role_period_id_key", ["account_id", "role", "period_id"])
        role.create_foreign_key("account_role_period_id_fkey", "academic_period", ["period_id"], ["id"])


# Orders of the lists that one column of an account, or of people of one kind, gives.
OF_ACCOUNTS = {
    "standing": "standing, invitation_ends_at",
    "invitation": "invited_at",
    "last_sign_in": "last_sign_in_at",
    "first_sign_in": "first_sign_in_at",
    "delivery": "delivery",
    "method": "sign_in_method",
    "creation": "created_at",
    "verification": "verified_at",
    "end_of_link": "invitation_ends_at",
    "times_invited": "times_invited",
    "change_due": "must_change_password",
}


def _indexes() -> None:
    for name, columns in OF_ACCOUNTS.items():
        op.create_index(f"account_by_{name}", "account", [*columns.split(", "), "person_id"])
    for address in ("personal_email", "contact_email", "external_email"):
        op.create_index(f"person_by_{address}", "person", ["kind", address, "id"])
    op.create_index("person_by_mobile", "person", ["mobile", "id", "kind"])
    op.create_index("account_role_by_role", "account_role", ["role", "account_id"])
    op.create_index("audit_by_object", "audit_entry", ["object_kind", "object_id", "seq"])
    op.drop_index("person_by_name", "person")
    op.create_index("person_by_name", "person", ["kind", "sort_name", "id"])
    op.drop_index("person_by_name_of_all", "person")
    op.create_index("person_by_name_of_all", "person", ["has_account", "sort_name", "id"])
    op.create_index("person_by_account", "person", ["has_account", "kind", "sort_name", "id"])
    op.create_index("section_by_title", "section", ["title", "id"])
    op.create_index("person_by_status", "person", ["kind", "status", "sort_name", "id"])
    op.create_index("person_by_programme", "person", ["kind", "programme", "sort_name", "id"])
    op.create_index("person_by_language", "person", ["kind", "language", "sort_name", "id"])
    flags = ["kind", "mobile_region", "use_personal_email", "personal_email_valid", "contact_email_valid"]
    op.create_index("person_by_reach", "person", flags)


def _has_account_of_sqlite() -> None:
    for event, row, value in (("INSERT", "new", "true"), ("DELETE", "old", "false")):
        update = f"UPDATE person SET has_account = {value} WHERE id = {row}.person_id;"
        op.execute(f"CREATE TRIGGER has_account_{event.lower()} AFTER {event} ON account BEGIN {update} END")


def _has_account_of_postgresql() -> None:
    """Once per statement: 100,000 new accounts are one update."""
    for event, rows, value in (("INSERT", "NEW", "true"), ("DELETE", "OLD", "false")):
        name = f"has_account_{event.lower()}"
        update = f"UPDATE person SET has_account = {value} WHERE id IN (SELECT person_id FROM touched)"
        body = f"BEGIN {update}; RETURN NULL; END"
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON account REFERENCING {rows} TABLE AS touched "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _search_of_sqlite(table: str, text: str, column: str) -> None:
    """An index of trigrams that holds no second copy of the texts, kept by triggers."""
    search, old, new = f"search_{table}", text.format(row="old"), text.format(row="new")
    remove = f"INSERT INTO {search}({search}, rowid, text) VALUES ('delete', old.id, {old});"
    add = f"INSERT INTO {search}(rowid, text) VALUES (new.id, {new});"
    op.execute(
        f"CREATE VIRTUAL TABLE {search} USING fts5(text, content='', columnsize=0, tokenize='trigram case_sensitive 1')"
    )
    op.execute(f"CREATE VIRTUAL TABLE {search}_terms USING fts5vocab({search}, row)")
    op.execute(f"CREATE TRIGGER {search}_new AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {search}_gone AFTER DELETE ON {table} BEGIN {remove} END")
    changed = f"AFTER UPDATE OF {column} ON {table} WHEN old.{column} IS NOT new.{column}"
    op.execute(f"CREATE TRIGGER {search}_changed {changed} BEGIN {remove} {add} END")
    op.execute(f"INSERT INTO {search}(rowid, text) SELECT id, {text.format(row=table)} FROM {table}")


def _search_of_postgresql() -> None:
    """Where the server does not offer pg_trgm, searching is right all the same, only slower."""
    offered = op.get_bind().scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"))
    if not offered or not _extension_allowed():
        return
    op.execute("CREATE INDEX search_person ON person USING gin (search_text gin_trgm_ops)")
    op.execute("CREATE INDEX search_account ON account USING gin ((' ' || username_key) gin_trgm_ops)")


def _extension_allowed() -> bool:
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except sa.exc.ProgrammingError:  # the owner of this database may not make extensions
        return False
    return True


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
