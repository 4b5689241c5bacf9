"""Rows by many ids are looked up one by one, by their key, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Guardianship, Person
from core.permissions import Role
from core.tables import students
from core.tables.among import AmongIds
from core.tables.filters import Page, StudentFilter
from tests.cast import Cast, actor
from tests.tables import query_plans

pytestmark = pytest.mark.both_databases


def test_the_people_of_these_ids_and_nobody_else(cast: Cast) -> None:
    with database.reading() as db:
        query = sa.select(col(Person.id)).where(AmongIds(col(Person.id)), col(Person.kind) == "student")
        others = sa.select(col(Person.id)).where(~AmongIds(col(Person.id)))
        sam, max_ = cast.sam.person.id, cast.max.person.id
        connection = db.connection()
        assert set(connection.scalars(query, {"ids": [sam, max_]})) == {sam, max_}
        assert not set(connection.scalars(query, {"ids": []}))
        assert sam not in set(connection.scalars(others, {"ids": [sam]}))


@pytest.mark.parametrize("key", [Person.id, Guardianship.student_id])
def test_they_are_looked_up_in_an_index(cast: Cast, key: Any, database_kind: str) -> None:
    with database.reading() as db:
        query = sa.select(col(key)).where(AmongIds(col(key)))
        if database_kind == "sqlite":
            text = str(query.compile(db.get_bind()))
            plan = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (json.dumps([1, 2]),)).all()
            assert str(plan[0][3]).startswith("SEARCH ")
            return
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))  # of thirty people it would read all
        plan = db.connection().execute(sa.text(f"EXPLAIN {_literal(query)}")).all()
        assert "Index" in str(plan)


def test_a_page_of_the_list_reads_no_more_than_its_rows(cast: Cast, database_kind: str) -> None:
    if database_kind != "sqlite":
        return  # PostgreSQL decides by how many there are
    with database.reading() as db, query_plans.noted(db.connection(), of="json_each") as said:
        assert len(students.page(db, actor(cast.olga.account, Role.OFFICE), filter=StudentFilter(), page=Page()))
    assert {line for line in said if line.startswith("SCAN")} == {"SCAN json_each VIRTUAL TABLE INDEX 1:"}


def _literal(query: sa.Select[Any]) -> str:
    return str(query.compile(database.engine())).replace("%(ids)s::INTEGER[]", "ARRAY[1, 2]")
