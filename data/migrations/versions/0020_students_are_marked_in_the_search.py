"""SQLite's index of trigrams tells students from others, and names the person of a username.

A search of the Students List looked at each person whom it found, and at each account before: 7 to 15 ms of a question.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KIND_OF_OWNER = "(SELECT kind FROM person WHERE id = {row}.person_id)"
MARK = " || CASE WHEN {kind} = 'student' THEN char(31, 31, 31) ELSE '' END"
# table -> the column with the person's id, that with the text, and the text in the index: begun and ended by a space
SEARCHED = {
    "person": ("id", "search_text", "{row}.search_text || ' '" + MARK.format(kind="{row}.kind")),
    "account": ("person_id", "username_key", "' ' || {row}.username_key || ' '" + MARK.format(kind=KIND_OF_OWNER)),
}
STAYS = "AFTER UPDATE OF kind ON person WHEN old.kind IS NOT new.kind"  # the index would not forget the old mark


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # an index of PostgreSQL stands at the table itself
    for table, searched in SEARCHED.items():
        _marked(table, *searched)
    op.execute(f"CREATE TRIGGER person_kind_stays {STAYS} BEGIN SELECT RAISE(ABORT, 'a person stays what it is'); END")


def _marked(table: str, key: str, column: str, text: str) -> None:
    search, old, new = f"search_{table}", text.format(row="old"), text.format(row="new")
    remove = f"INSERT INTO {search}({search}, rowid, text) VALUES ('delete', old.{key}, {old});"
    add = f"INSERT INTO {search}(rowid, text) VALUES (new.{key}, {new});"
    for event in ("new", "gone", "changed"):
        op.execute(f"DROP TRIGGER {search}_{event}")
    op.execute(f"CREATE TRIGGER {search}_new AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {search}_gone AFTER DELETE ON {table} BEGIN {remove} END")
    changed = f"AFTER UPDATE OF {column} ON {table} WHEN old.{column} IS NOT new.{column}"
    op.execute(f"CREATE TRIGGER {search}_changed {changed} BEGIN {remove} {add} END")
    op.execute(f"INSERT INTO {search}({search}) VALUES ('delete-all')")
    op.execute(f"INSERT INTO {search}(rowid, text) SELECT {key}, {text.format(row=table)} FROM {table}")


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
