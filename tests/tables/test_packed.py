"""Many small numbers of many rows: what is packed by the database comes out as it went in."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Person
from core.tables import packed
from tests.cast import Cast

pytestmark = pytest.mark.both_databases
KNOWN = ("student", "guardian", "member of staff")
WORDS = sa.case(
    (col(Person.kind) == "student", sa.literal_column("'student'")),
    (col(Person.kind) == "staff", sa.case((col(Person.last_name) == "", sa.null()), else_="member of staff")),
    else_=col(Person.kind),
)


def _places(db: Session, word: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in db.execute(sa.select(col(Person.first_name), word))}


def test_a_case_of_words_gives_the_places_of_its_words(cast: Cast) -> None:
    with database.reading() as db:
        words, places = _places(db, WORDS), _places(db, packed.number_of(WORDS, KNOWN))
    assert {"student", "guardian", "member of staff"} <= set(words.values())
    assert places == {name: KNOWN.index(word) + 1 if word in KNOWN else 0 for name, word in words.items()}


def test_words_that_are_not_known_and_none_are_0(cast: Cast) -> None:
    with database.reading() as db:
        assert set(_places(db, packed.number_of(WORDS, ())).values()) == {0}
        assert set(_places(db, packed.number_of(sa.case((sa.true(), sa.null())), KNOWN)).values()) == {0}


@pytest.mark.parametrize("look", [database.reading, database.transaction])
def test_what_is_read_beside_comes_with_what_is_read_here(cast: Cast, look: Any) -> None:
    people, accounts = (sa.select(col(table.id).label("id")) for table in (Person, Account))
    with look() as db:
        alone = packed.read(db, people, id=31), packed.read(db, accounts, id=31)
        both = packed.beside(db, lambda db: packed.read(db, people, id=31), lambda db: packed.read(db, accounts, id=31))
    assert len(alone[0]["id"]) > 5
    assert [sorted(one["id"]) for one in both] == [sorted(one["id"]) for one in alone]


def test_many_reads_come_in_their_order_whichever_connection_took_them(cast: Cast, database_kind: str) -> None:
    """The first waits for the last: with one connection alone it would wait in vain."""
    if database_kind != "sqlite":
        return  # PostgreSQL asks with several cores by itself
    ended = Event()

    def read(db: Session, place: int) -> int:
        if place == 0:
            assert ended.wait(30)
        elif place == 39:
            ended.set()
        return int(packed.read(db, sa.select(sa.literal_column(str(place)).label("id")), id=31)["id"][0])

    with database.reading() as db:
        assert packed.beside(db, *(partial(read, place=place) for place in range(40))) == list(range(40))


@pytest.mark.parametrize("fails", [0, 1])
def test_what_fails_on_one_connection_fails_all(cast: Cast, fails: int) -> None:
    asked = [sa.select(col(Person.id).label("id")), sa.select(sa.func.no_such_function(col(Person.id)).label("id"))]
    one, other = asked[1 - fails], asked[fails]
    with pytest.raises(sa.exc.DBAPIError), database.reading() as db:
        packed.beside(db, lambda db: packed.read(db, one, id=31), lambda db: packed.read(db, other, id=31))


def test_large_numbers_keep_all_their_bits(cast: Cast) -> None:
    largest = 2**31 - 1
    rows = sa.select(sa.literal_column(str(largest)).label("one"), sa.literal_column(str(largest)).label("other"))
    with database.reading() as db:
        found = packed.read(db, rows.select_from(Person), one=31, other=31)
    assert set(np.concatenate((found["one"], found["other"]))) == {largest}
