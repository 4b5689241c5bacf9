"""The database notes whose facts may have changed: lists held in memory read on from there.

A class or a period concerns many people: its changes are noted as of nobody in particular (0); a number that wants no
SMS concerns whoever has it. An invitation that comes or goes concerns its account.
A migration that makes one of these tables anew on SQLite has to make its triggers anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# All columns of an account at which a list looks: those that count failures change with every guess. Searches look at
# usernames, so their changes are noted as of the person.
NAMES = ("person_id", "username", "username_key")
OF_ACCOUNT = (
    *("user_type", "sign_in_method", "password_hash", "created_at"),
    *("verified_at", "verified_address", "first_sign_in_at", "last_sign_in_at", "suspended_at", "deactivated_at"),
    *("pending_provider_at", "invited_at", "invitation_ends_at", "times_invited", "delivery", "delivery_reason"),
    *("delivery_address", "must_change_password"),
)
# Whose row a change concerns. Accounts come and go with `has_account` of their person.
PEOPLE = {"person": ("id",), "guardianship": ("student_id", "guardian_id"), "enrolment": ("person_id",)}
ALL = ("INSERT", "UPDATE", "DELETE")
OF_MANY = {"section": ("UPDATE", "DELETE"), "academic_period": ALL}
WITH_NUMBER = (
    "INSERT INTO person_change (person_id) SELECT id FROM person WHERE mobile = {row}.address "
    "UNION SELECT id FROM person WHERE phone = {row}.address AND phone_region <> ''"
)

OWNERS = "INSERT INTO person_change (person_id, of_account) SELECT person_id, true FROM account WHERE id "


def upgrade() -> None:
    op.create_table(
        "person_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("of_account", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("xact", sa.BigInteger(), nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    of_homes = sa.text("phone_region <> ''")
    op.create_index("person_by_phone", "person", ["phone"], sqlite_where=of_homes, postgresql_where=of_homes)
    op.create_index("person_change_by_xact", "person_change", ["xact"], sqlite_where=sa.text("xact > 0"))
    if op.get_bind().dialect.name == "sqlite":
        _of_sqlite()
    else:
        _of_postgresql()


def _of_sqlite() -> None:
    note = "INSERT INTO person_change(person_id, of_account) VALUES ({of}, {of_account});"
    for table, keys in PEOPLE.items():
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
            notes = [note.format(of=f"{row}.{key}", of_account="false") for key in keys]
            if event == "UPDATE" and table != "person":  # it may have been somebody else's before
                notes += [note.format(of=f"old.{key}", of_account="false") for key in keys]
            _trigger(table, f"{event} ON {table}", notes, event)
    for columns, of_account, name in ((OF_ACCOUNT, "true", "UPDATE"), (NAMES, "false", "NAMED")):
        notes = [note.format(of="new.person_id", of_account=of_account)]
        _trigger("account", f"UPDATE OF {', '.join(columns)} ON account", notes, name)
    for event, row in (("INSERT", "new"), ("DELETE", "old")):
        _trigger("opt_out", f"{event} ON opt_out", [f"{WITH_NUMBER.format(row=row)};"], event)
    for event, row in (("INSERT", "new"), ("DELETE", "old")):
        _trigger("invitation", f"{event} ON invitation", [f"{OWNERS} = {row}.account_id;"], event)
    for table, events in OF_MANY.items():
        for event in events:
            _trigger(table, f"{event} ON {table}", [note.format(of="0", of_account="false")], event)


def _trigger(table: str, what: str, statements: list[str], event: str) -> None:
    op.execute(f"CREATE TRIGGER change_of_{table}_{event.lower()} AFTER {what} BEGIN {' '.join(statements)} END")


def _of_postgresql() -> None:
    """Once per statement: 100,000 new people are noted by one."""
    own = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
    op.execute(f"ALTER TABLE person_change ALTER COLUMN xact SET DEFAULT {own}")
    for table, keys in PEOPLE.items():
        rows = " UNION ".join(f"SELECT {key} FROM touched" for key in keys)
        _function(f"change_of_{table}", f"INSERT INTO person_change (person_id) {rows}")
        for event, which in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            _per_statement(table, event, f"REFERENCING {which} TABLE AS touched", name=event)
        if table != "person":
            _per_statement(table, "UPDATE", "REFERENCING OLD TABLE AS touched", name="UPDATE_before")
    for columns, of_account, name in ((OF_ACCOUNT, "true", "update"), (NAMES, "false", "named")):
        values = f"VALUES (NEW.person_id, {of_account})"
        _function(f"change_of_account_{name}", f"INSERT INTO person_change (person_id, of_account) {values}")
        op.execute(
            f"CREATE TRIGGER change_of_account_{name} AFTER UPDATE OF {', '.join(columns)} ON account "
            f"FOR EACH ROW EXECUTE FUNCTION change_of_account_{name}()"
        )
    for event, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        name = f"change_of_opt_out_{event.lower()}"
        _function(name, WITH_NUMBER.format(row=row))
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON opt_out FOR EACH ROW EXECUTE FUNCTION {name}()")
    _function("change_of_invitation", f"{OWNERS} IN (SELECT account_id FROM touched)")
    for event, which in (("INSERT", "NEW"), ("DELETE", "OLD")):
        _per_statement("invitation", event, f"REFERENCING {which} TABLE AS touched", name=event)
    _function("change_of_many", "INSERT INTO person_change (person_id) VALUES (0)")
    for table, events in OF_MANY.items():
        for event in events:
            _per_statement(table, event, "", name=event, function="change_of_many")
    for table in ("person", "account"):
        _per_statement(table, "TRUNCATE", "", name="TRUNCATE", function="change_of_many")


def _function(name: str, statement: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {statement}; RETURN NULL; END$$")


def _per_statement(table: str, event: str, rows: str, *, name: str, function: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER change_of_{table}_{name.lower()} AFTER {event} ON {table} {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function or f'change_of_{table}'}()"
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
