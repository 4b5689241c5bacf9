"""A database of its own for a measurement, thrown away afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from core import config, database, migrations


@contextmanager
def scratch_school() -> Iterator[None]:
    """An empty SQLite database with all tables, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="firstkey-bench-") as folder:
        values = {
            "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder}/firstkey.db",
            "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder}/engine.db",
        }
        with mock.patch.dict(os.environ, values):
            _forget()
            migrations.upgrade()
            try:
                yield
            finally:
                _forget()
    _forget()


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()
