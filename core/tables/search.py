"""Finding people by any part of what is known of them: names, code, e-mail, phones, username.

All words are somewhere in what is known of the person, or all in the username. Words of one or two letters begin
a word, longer ones stand anywhere; % and _ are letters (R65). Texts begin with a space (rules.person_facts).

Whoever sees contacts masked finds nobody by them: letter by letter the search would spell them out (R61).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Person
from core.permissions import Actor, Permission
from core.rules.search_text import fold, legible

SHORT = 2
_ABOVE_ALL = "\U0010ffff"


def words(text: str) -> list[str]:
    """The words of a search, folded as the texts are. Letters that no database holds are none."""
    return fold(legible(text)).split()


def holds(db: Session, actor: Actor, asked: list[str]) -> sa.ColumnElement[bool]:
    """Whether a person matches, row by row: quick where many do."""
    by_username = col(Person.id).in_(_by_username(db, asked))
    known = [*_all(col(Person.search_text), asked), *_without_contacts(actor, Person, asked)]
    return sa.or_(sa.and_(*known), by_username)


def found(db: Session, actor: Actor, asked: list[str]) -> sa.CompoundSelect[Any]:
    """The ids of those who match, by the indexes: quick where few do."""
    people = aliased(Person)
    hidden = _without_contacts(actor, people, asked)
    if not is_sqlite(db):
        of_people = sa.select(col(people.id)).where(*_all(col(people.search_text), asked), *hidden)
    else:
        of_people = _trigrams(db, "search_person", asked)
        if hidden:
            rows = of_people.subquery()
            of_people = sa.select(col(people.id)).join(rows, rows.c.rowid == col(people.id)).where(*hidden)
    return sa.union_all(of_people, _by_username(db, asked))


def _without_contacts(actor: Actor, person: type[Person], asked: list[str]) -> list[sa.ColumnElement[bool]]:
    """For whom contacts are masked: every word is in the names or the code."""
    if actor.may(Permission.SEE_CONTACTS):
        return []
    shown = sa.literal(" ", sa.String()).concat(col(person.sort_name)).concat(" ")
    return _all(shown.concat(sa.func.lower(col(person.source_id))), asked)


def is_sqlite(db: Session) -> bool:
    """Whether SQLite's own index of trigrams is there."""
    return db.get_bind().dialect.name == "sqlite"


def _by_username(db: Session, asked: list[str]) -> sa.Select[Any]:
    named = aliased(Account)
    query = sa.select(col(named.person_id))
    if is_sqlite(db):
        return query.where(col(named.id).in_(_trigrams(db, "search_account", asked)))
    return query.where(*_all(sa.literal(" ", sa.String()).concat(col(named.username_key)), asked))


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
