"""PostgreSQL's own texts for searching are those of people and accounts, whatever happens in a school."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database, migrations, search_indexes
from core.models import Account, Person
from tests.cast import Cast
from tests.tables.search_texts import agree
from tests.tables.test_status_after_acts import STORY, Living, at_microsoft, new_school

pytestmark = pytest.mark.postgresql
__all__ = ["at_microsoft", "new_school"]  # fixtures


def test_after_each_act_in_a_school_they_are_the_same(new_school: Callable[[], Living]) -> None:
    school = new_school()
    for name in STORY:
        school.do_somewhere(name)
        agree()


@pytest.mark.parametrize(
    "change",
    [
        sa.update(Person).values(kind="student").where(col(Person.kind) == "staff"),
        sa.update(Person).values(search_text=" somebody else "),
        sa.update(Account).values(username_key=sa.func.concat("other.", col(Account.username_key))),
        sa.update(Person).values(search_text=col(Person.search_text)),
    ],
)
def test_whoever_changes_texts_or_kinds(cast: Cast, change: Any) -> None:
    with database.transaction() as db:
        db.execute(change)
    agree()


@pytest.mark.usefixtures("database")
def test_indexes_are_made_when_the_extension_comes_later() -> None:
    """Without it a search is right; the next start, or `init`, makes them."""
    with database.engine().begin() as connection:
        connection.execute(sa.text("DROP EXTENSION pg_trgm CASCADE"))
        assert len(search_indexes.missing(connection)) == 4
    search_indexes.make()
    with database.engine().begin() as connection:
        assert len(search_indexes.missing(connection)) == 4
        connection.execute(sa.text("CREATE EXTENSION pg_trgm"))
    migrations.upgrade()
    with database.engine().begin() as connection:
        assert search_indexes.missing(connection) == []
