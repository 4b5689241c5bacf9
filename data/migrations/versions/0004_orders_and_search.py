"""Lists stand in the order of the numbers within names; people are found by digits and by names without apostrophes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.rules import person_facts
from core.rules.search_text import sort_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SLICE = 1_000
ASKED = (
    *("last_name", "first_name", "middle_name", "source_id", "mobile", "phone"),
    *("personal_email", "contact_email", "external_email", "grade"),
)
FOLLOWING = ("phone", "phone_region", "search_text", "sort_name", "sort_grade")


def upgrade() -> None:
    for table, column in (("section", "sort_title"), ("person", "sort_grade")):
        op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
    _titles_of_sections()
    _facts_of_people()
    op.drop_index("section_by_title", "section")
    op.create_index("section_by_title", "section", ["sort_title", "id"])
    op.create_index("person_by_sort_grade", "person", ["kind", "sort_grade", "sort_name", "id"])


def _titles_of_sections() -> None:
    section = sa.table("section", sa.column("id"), sa.column("title"), sa.column("sort_title"))
    connection = op.get_bind()
    for section_id, title in connection.execute(sa.select(section.c.id, section.c.title)).all():
        connection.execute(sa.update(section).where(section.c.id == section_id).values(sort_title=sort_key(title)))


def _facts_of_people() -> None:
    """What follows from the other columns, slice by slice."""
    person = sa.table("person", sa.column("id"), *(sa.column(name) for name in (*ASKED, *FOLLOWING)))
    connection = op.get_bind()
    region = connection.scalar(sa.text("SELECT default_region FROM school_settings")) or "GR"
    query = sa.select(person.c.id, *(person.c[name] for name in ASKED)).order_by(person.c.id).limit(SLICE)
    change = sa.update(person).where(person.c.id == sa.bindparam("key"))
    change = change.values({name: sa.bindparam(name) for name in FOLLOWING})
    last = 0
    while rows := connection.execute(query.where(person.c.id > last)).mappings().all():
        derived = [person_facts.derived(row, default_region=region) for row in rows]
        new = [{name: facts[name] for name in FOLLOWING} for facts in derived]
        connection.execute(change, [{"key": row["id"], **facts} for row, facts in zip(rows, new, strict=True)])
        last = rows[-1]["id"]


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was made before the upgrade.")
