"""Rows that come in one piece are those that would have come one by one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Person
from core.tables import at_once
from core.tables.among import AmongIds
from tests.cast import Cast

pytestmark = pytest.mark.both_databases
ODD = 'Ωμέγα "the" {last}, [1] \\ \n\t\u2028'


def test_they_are_the_same_in_the_same_order(cast: Cast) -> None:
    columns = (col(Person.id), col(Person.last_name), col(Person.section_id), col(Person.sort_name).label("name"))
    rows = sa.select(*columns).order_by(col(Person.sort_name).desc(), col(Person.id)).limit(50)
    with database.transaction() as db:
        db.get_one(Person, cast.sam.person.id).last_name = ODD
    with database.reading() as db:
        one_by_one = [list(row) for row in db.connection().execute(rows)]
        assert [list(row) for row in at_once.read(db, rows)] == one_by_one
    assert ODD in [row[1] for row in one_by_one]
    assert None in [row[2] for row in one_by_one]


def test_of_nobody_there_is_none(cast: Cast) -> None:
    with database.reading() as db:
        assert list(at_once.read(db, sa.select(col(Person.id)).where(sa.false()).limit(5))) == []


def test_a_statement_that_is_made_once_answers_for_others(cast: Cast) -> None:
    rows = sa.select(col(Person.id)).where(AmongIds(col(Person.id)))
    with database.reading() as db:
        for person in (cast.sam.person, cast.otto.person):
            assert [row[0] for row in at_once.read_again(db, rows, ids=[person.id])] == [person.id]
