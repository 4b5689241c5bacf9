"""Alembic: runs the migrations on the database of FIRSTKEY_DATABASE_URL, all or nothing on both databases."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from core import database
from core.models import metadata


def _render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """The indexes of the search are made by a migration alone: models cannot describe them."""
    return not (kind in ("table", "index") and (name or "").startswith("search_"))


def run() -> None:
    with database.engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=_render,
            include_object=_is_ours,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
