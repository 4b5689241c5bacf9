"""How the roll answers a list: a page of rows, or how many match. None means that SQL has to."""

from __future__ import annotations

from functools import partial

import numpy as np
from sqlmodel import Session

from core.permissions import Actor
from core.rules.search_text import sought
from core.tables import narrowing
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Found, Page, StudentFilter
from core.tables.narrowing import Few
from core.tables.roll import facts, scopes, wanted
from core.tables.roll.facts import Ids
from core.tables.roll.held import Roll
from core.tables.roll.listed import Key, Listed
from core.tables.roll.orders import Order
from core.tables.roll.people import People, Truths
from core.tables.roll.texts import Text
from core.tables.roll.wanted import Filter, Rest


def found(
    roll: Roll, db: Session, actor: Actor, listed: Listed, filter: Filter, page: Page, given: Given
) -> Found | None:
    """The rows of a page, and how many there are."""
    key = Key(listed, page.sort, page.descending)
    if not key.is_told_to(actor) or not _can_tell(db, filter) or roll.order(key) is None:
        return None
    people = roll.up_to_date(db, given)
    order = roll.order(key) if people else None  # only now it is known who has moved, or that too many have
    truths = _matching(roll, db, actor, people, filter, given) if people and order else None
    if people is None or order is None or truths is None:
        return None
    persons = _page(db, key, order, truths, page)
    rows = people.accounts[persons] if isinstance(filter, AccountFilter) else persons
    return Found(rows.tolist(), int(np.count_nonzero(truths)) if rows.size else None)


def count(roll: Roll, db: Session, actor: Actor, filter: Filter, given: Given) -> int | None:
    """How many match."""
    people = roll.up_to_date(db, given) if _can_tell(db, filter) else None
    truths = _matching(roll, db, actor, people, filter, given) if people else None
    return None if truths is None else int(np.count_nonzero(truths))


def _can_tell(db: Session, filter: Filter) -> bool:
    """Only to readers: what a writer has not stored yet the roll must never know."""
    is_reader = bool(db.get_bind().get_execution_options().get("reading"))
    return is_reader and wanted.is_told(filter)


def _matching(roll: Roll, db: Session, actor: Actor, people: People, filter: Filter, given: Given) -> Truths | None:
    """For each id of a person, whether their row matches; None where the roll cannot tell."""
    rest = wanted.rest(db, actor, filter, given)
    if rest is None:
        return None
    truths = people.meeting(wanted.demands(filter, people.current))
    if not actor.scope.everybody:
        truths &= people.among(_seen(roll, db, people, actor))
    if words := sought(filter.text):
        text = Text.of(words, actor, students_only=isinstance(filter, StudentFilter))
        named = _named(roll, db, people, text)
        if named is None:
            return None
        truths &= people.among(named)
    for one in rest:
        ids = _read(db, one)
        if ids is None:
            return None
        truths &= people.among(ids) if one.is_in else ~people.among(ids)
    return truths


def _named(roll: Roll, db: Session, people: People, text: Text) -> Ids | None:
    """Whoever is found by a text."""
    ids = roll.texts.known(db, text)
    if ids is None:
        ids = roll.texts.looked_up(db, text)
        if ids is not None:
            roll.remember(people, partial(roll.texts.remember, text, ids))
    return ids


def _seen(roll: Roll, db: Session, people: People, actor: Actor) -> Ids:
    """Whomever an actor sees who does not see everybody."""
    ids = roll.scopes.known(db, actor)
    if ids is None:
        ids = scopes.read(db, actor)
        roll.remember(people, partial(roll.scopes.remember, actor, ids))
    return ids


def _page(db: Session, key: Key, order: Order, truths: Truths, page: Page) -> Ids:
    """The persons of a page."""

    def in_order(ids: Ids) -> Ids:
        few = Few(len(ids), narrowing.as_text(db, ids.tolist()))
        return np.array(key.listed.in_order(db, key.page(len(ids)), few), np.int32)

    return order.page(truths, page, in_order)


def _read(db: Session, rest: Rest) -> Ids | None:
    few = narrowing.few(db, [rest.people], cap=wanted.AT_MOST)
    return None if few is None else facts.numbers(few.ids)
