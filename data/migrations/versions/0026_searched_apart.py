"""PostgreSQL searches narrow tables of their own, as SQLite does.

What is looked for by parts of words is looked at in the row itself, whatever the index says. In the tables of people
and accounts these rows lie far apart, and half of those found are of guardians, of whom Students List asks nothing.
The database keeps the texts, whoever changes them. Letters are compared as they are, which takes half the time. Where
pg_trgm comes later, the next start makes the indexes (core.search_indexes).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OF_PEOPLE = "SELECT id, kind = 'student', search_text FROM {people}"
OF_ACCOUNTS = (
    "SELECT account.id, account.person_id, person.kind = 'student', ' ' || account.username_key "
    "FROM {accounts} AS account JOIN person ON person.id = account.person_id"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("person", "account"):
        op.execute(f"DROP INDEX IF EXISTS search_{table}")
    text = 'of_student boolean NOT NULL, text text COLLATE "C" NOT NULL'
    op.execute(f"CREATE TABLE search_person (person_id integer PRIMARY KEY, {text})")
    op.execute(f"CREATE TABLE search_account (account_id integer PRIMARY KEY, person_id integer NOT NULL, {text})")
    op.execute(f"INSERT INTO search_person {OF_PEOPLE.format(people='person')} ORDER BY id")
    op.execute(f"INSERT INTO search_account {OF_ACCOUNTS.format(accounts='account')} ORDER BY account.id")
    op.create_index("search_account_by_person", "search_account", ["person_id"])
    _of_trigrams()
    _of_people()
    _of_accounts()
    for table in ("search_person", "search_account"):
        op.execute(f"ANALYZE {table}")  # until somebody looks at them PostgreSQL guesses


def _of_trigrams() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
        for table in ("search_person", "search_account"):
            for whose, where in (("students", "of_student"), ("others", "NOT of_student")):
                index = f"CREATE INDEX {table}_of_{whose} ON {table} USING gin (text gin_trgm_ops)"
                op.execute(f"{index} WHERE {where}")


def _of_people() -> None:
    _added("person", f"INSERT INTO search_person {OF_PEOPLE.format(people='touched')}")
    _gone("person", "DELETE FROM search_person WHERE person_id IN (SELECT id FROM touched)")
    is_student = "NEW.kind = 'student'"
    other_kind = (
        f"UPDATE search_account SET of_student = {is_student} WHERE person_id = NEW.id AND OLD.kind <> NEW.kind"
    )
    text = f"UPDATE search_person SET of_student = {is_student}, text = NEW.search_text WHERE person_id = NEW.id"
    _changed("person", ("kind", "search_text"), f"{text}; {other_kind}")


def _of_accounts() -> None:
    add = f"INSERT INTO search_account {OF_ACCOUNTS}"
    _added("account", add.format(accounts="touched"))
    _gone("account", "DELETE FROM search_account WHERE account_id IN (SELECT id FROM touched)")
    again = f"{add.format(accounts='account')} WHERE account.id = NEW.id"
    statements = f"DELETE FROM search_account WHERE account_id = NEW.id; {again}"
    _changed("account", ("username_key", "person_id"), statements)


def _added(table: str, statement: str) -> None:
    """Once per statement: 100,000 new people are one insert."""
    rows = "REFERENCING NEW TABLE AS touched FOR EACH STATEMENT"
    _trigger(table, "new", f"AFTER INSERT ON {table} {rows}", statement)


def _gone(table: str, statement: str) -> None:
    rows = "REFERENCING OLD TABLE AS touched FOR EACH STATEMENT"
    _trigger(table, "gone", f"AFTER DELETE ON {table} {rows}", statement)
    _trigger(table, "emptied", f"AFTER TRUNCATE ON {table} FOR EACH STATEMENT", f"DELETE FROM search_{table}")


def _changed(table: str, columns: tuple[str, ...], statements: str) -> None:
    """Row by row, as most changes are of other columns and touch no text."""
    differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    when = f"AFTER UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW WHEN ({differs})"
    _trigger(table, "changed", when, statements)


def _trigger(table: str, event: str, when: str, statements: str) -> None:
    name = f"search_{table}_{event}"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {statements}; RETURN NULL; END$$")
    op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
