"""SQLite's index of trigrams tells students from others, and names the person of a username.

A search of the Students List looked at each person whom it found, and at each account before: 7 to 15 ms of a question.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MARK = " || CASE WHEN {kind} = 'student' THEN char(31, 31, 31) ELSE '' END"
OF_PERSON = "{row}.search_text || ' '" + MARK.format(kind="{row}.kind")
USERNAME = "' ' || {row}.username_key || ' '"  # a text is begun and ended by a space
OF_ACCOUNT = USERNAME + MARK.format(kind="(SELECT kind FROM person WHERE id = {row}.person_id)")
REMOVE = "INSERT INTO {search}({search}, rowid, text) VALUES ('delete', old.{key}, {old});"
ADD = "INSERT INTO {search}(rowid, text) VALUES (new.{key}, {new});"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # an index of PostgreSQL stands at the table itself
    _marked("person", key="id", columns=("search_text", "kind"), text=OF_PERSON)
    _marked("account", key="person_id", columns=("username_key",), text=OF_ACCOUNT)
    _account_of_another_kind()


def _marked(table: str, *, key: str, columns: tuple[str, ...], text: str) -> None:
    search, texts = f"search_{table}", {row: text.format(row=row) for row in ("old", "new")}
    remove, add = (written.format(search=search, key=key, **texts) for written in (REMOVE, ADD))
    for event in ("new", "gone", "changed"):
        op.execute(f"DROP TRIGGER {search}_{event}")
    op.execute(f"CREATE TRIGGER {search}_new AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {search}_gone AFTER DELETE ON {table} BEGIN {remove} END")
    when = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    changed = f"AFTER UPDATE OF {', '.join(columns)} ON {table} WHEN {when}"
    op.execute(f"CREATE TRIGGER {search}_changed {changed} BEGIN {remove} {add} END")
    op.execute(f"INSERT INTO {search}({search}) VALUES ('delete-all')")
    op.execute(f"INSERT INTO {search}(rowid, text) SELECT {key}, {text.format(row=table)} FROM {table}")


def _account_of_another_kind() -> None:
    """The mark of a username follows the person."""
    old, new = (USERNAME.format(row="account") + MARK.format(kind=f"{row}.kind") for row in ("old", "new"))
    of_them = "FROM account WHERE person_id = new.id;"
    remove = f"INSERT INTO search_account(search_account, rowid, text) SELECT 'delete', person_id, {old} {of_them}"
    add = f"INSERT INTO search_account(rowid, text) SELECT person_id, {new} {of_them}"
    changed = "AFTER UPDATE OF kind ON person WHEN old.kind IS NOT new.kind"
    op.execute(f"CREATE TRIGGER search_account_moved {changed} BEGIN {remove} {add} END")


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
