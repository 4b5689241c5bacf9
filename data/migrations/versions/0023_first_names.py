"""People stand in the order of their first names too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.rules.person_facts import LONGEST_NAME
from core.rules.search_text import fold_name

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SLICE = 5_000


def upgrade() -> None:
    op.add_column("person", sa.Column("sort_first_name", sa.String(), nullable=False, server_default=""))
    person = sa.table("person", *(sa.column(name) for name in ("id", "first_name", "last_name", "sort_first_name")))
    query = sa.select(person.c.id, person.c.first_name, person.c.last_name).order_by(person.c.id).limit(SLICE)
    change = sa.update(person).where(person.c.id == sa.bindparam("key"))
    change = change.values(sort_first_name=sa.bindparam("folded"))
    connection, last = op.get_bind(), 0
    while rows := connection.execute(query.where(person.c.id > last)).all():
        folded = ((key, fold_name(f"{first} {name}")[:LONGEST_NAME]) for key, first, name in rows)
        connection.execute(change, [{"key": key, "folded": text} for key, text in folded])
        last = rows[-1][0]
    op.create_index("person_by_first_name", "person", ["sort_first_name", "id", "kind"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
