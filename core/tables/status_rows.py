"""Whom Account status counts, with the facts of each.

Where everybody is asked for, people and accounts are walked apart, each in an index that holds all that is asked, and
put together by numpy: SQLite took twice as long to find the account of each person as for both walks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Invitation, Person, PersonKind, UserType
from core.permissions import Actor
from core.tables import account_steps, packed, scope
from core.tables.packed import Numbers, Read, Rows
from core.tables.places import Places
from core.tables.status_facts import CHANNELS, Facts

EVERYBODY = "all"
_KINDS: dict[str, str] = {UserType.STUDENT: PersonKind.STUDENT, UserType.GUARDIAN: PersonKind.GUARDIAN}


@dataclass(frozen=True)
class Asked:
    """Of whom, and what: facts of people, of accounts, and of both together (which take 10 ms to put into words).

    Students are those of the Students List, with or without account; of any other type the accounts are asked for, with
    EVERYBODY all of them and the students without one.
    """

    user_type: str
    people: Facts
    accounts: Facts
    both: Callable[[], Facts]


def read(db: Session, actor: Actor, asked: Asked, *more: Read[Rows]) -> tuple[Rows, list[Rows]]:
    """All whom the actor may see, with 0 for what is asked of an account where there is none; and what `more` read."""
    if not actor.scope.everybody:
        return _looked_up(db, asked, scope.people(actor)), [one(db) for one in more]
    walks = (partial(_accounts, asked=asked), partial(_people, asked=asked), _last_issued)
    accounts, people, issued, *found = packed.beside(db, *walks, *more)
    return _put_together(db, asked, accounts, people, issued), found


def some(db: Session, actor: Actor, user_type: str, facts: Facts, *, ids: Sequence[int]) -> Rows:
    """Those of these persons who belong to the type."""
    asked = Asked(user_type, {}, {}, lambda: facts)
    seen = scope.each(actor)
    return _together([_looked_up(db, asked, seen, col(Person.id).in_(part)) for part in database.slices(ids)])


def _put_together(db: Session, asked: Asked, accounts: Rows, people: Rows, issued: Rows) -> Rows:
    """An account of another type than those of its kind of people is not in both walks: such are looked up after."""
    accounts["channel"] = _channels(issued, accounts["account"])
    at, both = Places(people["person"]).of(accounts["owner"])
    known, size = _those(accounts, both), len(people["person"])
    rows = people | {name: _put(column, at, size) for name, column in known.items()}
    found = rows["account"] > 0
    if asked.user_type == UserType.STUDENT:
        other = ~found & (rows["has_account"] > 0)
        here = ~other
    else:
        other = found & (rows["of_student"] != rows["student"])
        here = (found | (rows["student"] > 0) if asked.user_type == EVERYBODY else found) & ~other
    missed = np.concatenate((accounts["owner"][~both], rows["person"][other]))
    parts = [_those(rows, here)]
    parts += [_looked_up(db, asked, col(Person.id).in_(ids)) for ids in database.slices(missed.tolist())]
    return _together(parts)


def _people(db: Session, asked: Asked) -> Rows:
    rows = _select(asked.people).with_hint(Person, "INDEXED BY person_for_status", "sqlite")
    kind = _KINDS.get(asked.user_type, PersonKind.STAFF)
    return _read(db, rows if asked.user_type == EVERYBODY else rows.where(col(Person.kind) == kind), asked.people)


def _accounts(db: Session, asked: Asked) -> Rows:
    rows = _select(asked.accounts).with_hint(Account, "INDEXED BY account_for_status", "sqlite")
    return _read(db, rows.where(*_of_type(asked)), asked.accounts)


def _last_issued(db: Session) -> Rows:
    """The latest invitation of each account: one walk past all of them instead of a question for each."""
    went = packed.number_of(col(Invitation.channel), CHANNELS)
    facts: Facts = {"account": (col(Invitation.account_id), 31), "channel": (went, 3)}
    issued = _read(db, account_steps.in_order_of_issue(_select(facts)), facts)
    last = np.flatnonzero(np.diff(issued["account"], append=0))
    return {name: column[last] for name, column in issued.items()}


def _channels(issued: Rows, accounts: Numbers) -> Numbers:
    at, known = Places(accounts).of(issued["account"])
    return _put(issued["channel"][known], at, len(accounts))


def _looked_up(db: Session, asked: Asked, *seen: Any) -> Rows:
    facts = asked.both()
    students = _select(facts).select_from(Person).outerjoin(Account, col(Account.person_id) == col(Person.id))
    students = students.where(col(Person.kind) == PersonKind.STUDENT, *seen)
    if asked.user_type == UserType.STUDENT:
        return _read(db, students, facts)
    accounts = _select(facts).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    found = _read(db, accounts.where(*_of_type(asked), *seen), facts)
    if asked.user_type != EVERYBODY:
        return found
    return _together([found, _read(db, students.where(sa.not_(col(Person.has_account))), facts)])


def _of_type(asked: Asked) -> list[Any]:
    return [] if asked.user_type == EVERYBODY else [col(Account.user_type) == asked.user_type]


def _select(facts: Facts) -> sa.Select[Any]:
    return sa.select(*(fact.label(name) for name, (fact, _bits) in facts.items()))


def _read(db: Session, rows: sa.Select[Any], facts: Facts) -> Rows:
    return packed.read(db, rows, **{name: bits for name, (_fact, bits) in facts.items()})


def _put(values: Numbers, at: Numbers, size: int) -> Numbers:
    column = np.zeros(size, np.int64)
    column[at] = values
    return column


def _those(rows: Rows, wanted: Any) -> Rows:
    """Mostly all: then nothing is copied."""
    return rows if wanted.all() else {name: column[wanted] for name, column in rows.items()}


def _together(parts: list[Rows]) -> Rows:
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
