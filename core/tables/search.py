"""Finding people by any part of what is known of them: names, code, e-mail, phones, username.

All words are somewhere in what is known of the person, or all in the username. Words of one or two letters begin
a word, longer ones stand anywhere; % and _ are letters (R65). Texts begin with a space (rules.person_facts).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Person
from core.rules.search_text import fold

SHORT = 2
_ABOVE_ALL = "\U0010ffff"


def words(text: str) -> list[str]:
    """The words of a search, folded as the texts are."""
    return fold(text).split()


def holds(asked: list[str]) -> sa.ColumnElement[bool]:
    """Whether a person matches, row by row: quick where many do."""
    named = aliased(Account)
    of_account = sa.select(col(named.id)).where(col(named.person_id) == col(Person.id), *_all(_username(named), asked))
    return sa.or_(sa.and_(*_all(col(Person.search_text), asked)), of_account.exists())


def found(db: Session, asked: list[str]) -> sa.CompoundSelect[Any]:
    """The ids of those who match, by the indexes: quick where few do."""
    if db.get_bind().dialect.name != "sqlite":
        people, named = aliased(Person), aliased(Account)
        return sa.union_all(
            sa.select(col(people.id)).where(*_all(col(people.search_text), asked)),
            sa.select(col(named.person_id)).where(*_all(_username(named), asked)),
        )
    people_of, accounts_of = _trigrams(db, "search_person", asked), _trigrams(db, "search_account", asked)
    named = aliased(Account)
    return sa.union_all(people_of, sa.select(col(named.person_id)).where(col(named.id).in_(accounts_of)))


def _trigrams(db: Session, table: str, asked: list[str]) -> sa.Select[Any]:
    """Rows of SQLite's own index; its phrases are in double quotes, and a quote within is doubled."""
    parts = [_parts(db, table, word) for word in asked]
    rows = sa.select(sa.column("rowid", sa.Integer)).select_from(sa.table(table))
    if not all(parts):
        return rows.where(sa.false())
    matches = " AND ".join(f"({' OR '.join(map(_phrase, some))})" for some in parts)
    return rows.where(sa.text(f"{table} MATCH :{table}").bindparams(**{table: matches}))


def _parts(db: Session, table: str, word: str) -> list[str]:
    """The phrases that stand for a word: for one letter all trigrams that the index has of it."""
    if len(word) >= SHORT:
        return [word if len(word) > SHORT else f" {word}"]
    term, begin = sa.column("term", sa.String()), f" {word}"
    known = sa.select(term).select_from(sa.table(f"{table}_terms")).where(term >= begin, term < begin + _ABOVE_ALL)
    return list(db.scalars(known))


def _phrase(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _all(text: sa.SQLColumnExpression[str], asked: list[str]) -> list[sa.ColumnElement[bool]]:
    return [text.contains(word if len(word) > SHORT else f" {word}", autoescape=True) for word in asked]


def _username(named: type[Account]) -> sa.ColumnElement[str]:
    return sa.literal(" ", sa.String()).concat(col(named.username_key))
