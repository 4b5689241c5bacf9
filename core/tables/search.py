"""Finding people by any part of what is known of them: names, code, e-mail, phones, username.

All words of one reading (rules.search_text) are somewhere in what is known of the person, or all as typed in the
username. Words of one or two letters begin a word, longer ones stand anywhere; % and _ are letters (R65). Texts begin
with a space (rules.person_facts).

Whoever sees contacts masked finds nobody by them: letter by letter the search would spell them out (R61).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Person
from core.permissions import Actor, Permission
from core.rules.search_text import Sought

SHORT = 2
OF_A_STUDENT = "\x1f" * 3  # a mark in SQLite's index; no word has this letter, it counts as white space
_People, _Named = aliased(Person), aliased(Account)  # made anew for each question they cost 2 ms of it
_TRIGRAM = re.compile(r"[^\W_]{3}")
_ABOVE_ALL = "\U0010ffff"


def holds(db: Session, actor: Actor, asked: Sought, *, of_few: bool = False) -> sa.ColumnElement[bool]:
    """Whether a person matches, row by row: quick where many do. `of_few`: asked of so few that no index is."""
    own = col(_Named.person_id) == col(Person.id)
    by_username: sa.ColumnElement[bool] = _by_own_username(asked).where(own).exists()
    if is_sqlite(db) and not of_few:
        by_username = col(Person.id).in_(_by_username(db, asked))
    return sa.or_(_any(col(Person.search_text), asked) & _without_contacts(actor, Person, asked), by_username)


def found(db: Session, actor: Actor, asked: Sought, *, students_only: bool = False) -> sa.CompoundSelect[Any]:
    """The ids of those who match, by the indexes: quick where few do. Who matches in both ways stands there twice."""
    return sa.union_all(*_both_ways(db, actor, asked, students_only=students_only))


def once(db: Session, actor: Actor, asked: Sought, *, students_only: bool, up_to: int) -> sa.Select[Any]:
    """The ids of those who match, each once and one by one, for a limit of no more than `up_to`.

    PostgreSQL would read all of them to leave out who stands there twice, so it is told who stood there before.
    """
    if is_sqlite(db):
        return sa.select(found(db, actor, asked, students_only=students_only).subquery().c[0]).distinct()
    by_texts, by_username = _both_ways(db, actor, asked, students_only=students_only)
    first = by_texts.limit(up_to).cte("by_texts")
    number = sa.select(sa.func.count()).select_from(first).scalar_subquery()
    then = by_username.where(number < up_to, by_username.selected_columns[0].not_in(sa.select(first.c[0])))
    return sa.select(sa.union_all(sa.select(first.c[0]), then).subquery().c[0])


def among(db: Session, actor: Actor, asked: Sought, *, students_only: bool = False) -> sa.ColumnElement[bool]:
    """Whether a person is among them, for all persons at once.

    PostgreSQL knows how many a UNION gives; of the other it guesses 200, and looks up 90,000 one by one.
    """
    together = sa.union_all if is_sqlite(db) else sa.union
    return col(Person.id).in_(together(*_both_ways(db, actor, asked, students_only=students_only)))


def _both_ways(db: Session, actor: Actor, asked: Sought, *, students_only: bool) -> tuple[sa.Select[Any], ...]:
    """By what is known of the person, and by the username."""
    of_people = _by_texts(db, asked, students_only=students_only)
    if not actor.may(Permission.SEE_CONTACTS):
        rows = of_people.subquery()
        hidden = _without_contacts(actor, _People, asked)
        of_people = sa.select(col(_People.id)).join(rows, rows.c[0] == col(_People.id)).where(hidden)
    return of_people, _by_username(db, asked, students_only=students_only)


def _by_texts(db: Session, asked: Sought, *, students_only: bool) -> sa.Select[Any]:
    if is_sqlite(db):
        return _trigrams(db, "search_person", asked.readings, students_only=students_only)
    readings = [partial(_all, words=reading) for reading in asked.readings]
    return _in_texts("search_person", readings, students_only=students_only)


def _in_texts(
    table: str, readings: Sequence[Callable[[Any], sa.ColumnElement[bool]]], *, students_only: bool
) -> sa.Select[Any]:
    """Persons in PostgreSQL's own texts.

    Students and others have an index each, which it takes only where it is asked for by name in each reading.
    """
    texts = sa.table(
        table, sa.column("person_id", sa.Integer), sa.column("of_student", sa.Boolean), sa.column("text", sa.String)
    )
    kinds = [texts.c.of_student] if students_only else [texts.c.of_student, sa.not_(texts.c.of_student)]
    possible = [sa.and_(kind, holds(texts.c.text)) for holds in readings for kind in kinds]
    return sa.select(texts.c.person_id).where(sa.or_(sa.false(), *possible))


def _without_contacts(actor: Actor, person: type[Person], asked: Sought) -> sa.ColumnElement[bool]:
    """For whom contacts are masked: every word is in the names or the code."""
    if actor.may(Permission.SEE_CONTACTS):
        return sa.true()
    shown = sa.literal(" ", sa.String()).concat(col(person.sort_name)).concat(" ")
    return _any(shown.concat(sa.func.lower(col(person.source_id))), asked)


def is_sqlite(db: Session) -> bool:
    """Whether SQLite's own index of trigrams is there."""
    return db.get_bind().dialect.name == "sqlite"


def _by_username(db: Session, asked: Sought, *, students_only: bool = False) -> sa.Select[Any]:
    if is_sqlite(db):
        return _trigrams(db, "search_account", (asked.typed,), students_only=students_only)
    return _in_texts("search_account", [partial(_all, words=asked.typed)], students_only=students_only)


def _by_own_username(asked: Sought) -> sa.Select[Any]:
    holds = _all(sa.literal(" ", sa.String()).concat(col(_Named.username_key)), asked.typed)
    return sa.select(col(_Named.person_id)).where(holds)


def _trigrams(db: Session, table: str, readings: Sequence[Sequence[str]], *, students_only: bool) -> sa.Select[Any]:
    """Persons in SQLite's own index; its phrases are in double quotes, and a quote within is doubled."""
    known = [[_parts(db, table, word) for word in reading] for reading in readings]
    rows = sa.select(sa.column("rowid", sa.Integer)).select_from(sa.table(table))
    possible = [f"({_matches(parts)})" for parts in known if all(parts)]
    if not possible:
        return rows.where(sa.false())
    sought = " OR ".join(possible)
    text = f"({sought}) AND {_phrase(OF_A_STUDENT)}" if students_only else sought
    return rows.where(sa.literal_column(table).bool_op("MATCH")(text))


def _matches(parts: Iterable[Iterable[str]]) -> str:
    return " AND ".join(f"({' OR '.join(map(_phrase, some))})" for some in parts)


def _parts(db: Session, table: str, word: str) -> list[str]:
    """The phrases that stand for a word: for one letter all trigrams that the index has of it."""
    if len(word) >= SHORT:
        return [word if len(word) > SHORT else f" {word}"]
    term, begin = sa.column("term", sa.String()), f" {word}"
    known = sa.select(term).select_from(sa.table(f"{table}_terms")).where(term >= begin, term < begin + _ABOVE_ALL)
    return list(db.scalars(known))


def _phrase(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _any(text: sa.SQLColumnExpression[str], asked: Sought) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(_all(text, reading) for reading in asked.readings))


def _all(text: sa.SQLColumnExpression[str], words: Iterable[str]) -> sa.ColumnElement[bool]:
    begun = (word if len(word) > SHORT else f" {word}" for word in words)
    return sa.and_(sa.true(), *(_contains(text, word) for word in begun))


def _contains(text: sa.SQLColumnExpression[str], word: str) -> sa.ColumnElement[bool]:
    """PostgreSQL's index is asked for what stands before the @: to look up what ends all addresses takes 40 ms."""
    name, at, _host = word.partition("@")
    if not at or not _TRIGRAM.search(name):
        return text.contains(word, autoescape=True)
    return text.contains(name, autoescape=True) & text.concat("").contains(word, autoescape=True)
