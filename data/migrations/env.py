"""Alembic: runs the migrations on the database of FIRSTKEY_DATABASE_URL, all or nothing on both databases."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from core import database
from core.models import metadata


def _render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """The indexes of the search are made by a migration alone: models cannot describe them."""
    return not (kind in ("table", "index") and (name or "").startswith("search_"))


_ALONE = 0x46495253544B4D47  # processes that start together: one migrates, the others find that it is done
_PATIENCE_MS = 30 * 60 * 1000


def run() -> None:
    with database.engine().connect().execution_options(wait_ms=_PATIENCE_MS) as connection:
        if not database.is_sqlite():  # whose transactions that write stand in line by themselves
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ALONE})
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=_render,
            include_object=_is_ours,
            transaction_per_migration=False,
            transactional_ddl=True,  # of SQLite Alembic thinks too little: it would commit after every step
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
