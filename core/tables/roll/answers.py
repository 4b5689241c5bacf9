"""What lists ask the roll: a page of rows, or how many match. None means that SQL has to answer."""

from __future__ import annotations

import numpy as np
from sqlmodel import Session

from core.permissions import Actor
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Found, Page
from core.tables.roll import held, wanted
from core.tables.roll.held import Roll
from core.tables.roll.keeper import Keeper
from core.tables.roll.orders import Key, Listed
from core.tables.roll.wanted import Filter

_keeper: Keeper | None = None


def begin() -> Keeper:
    """Hold a roll from now on, in this process."""
    global _keeper
    end()
    _keeper = Keeper()
    _keeper.start()
    return _keeper


def end() -> None:
    """Hold none."""
    global _keeper
    keeper, _keeper = _keeper, None
    if keeper:
        keeper.stop()


def found(db: Session, actor: Actor, listed: Listed, filter: Filter, page: Page, given: Given) -> Found | None:
    """The rows of a page, and how many there are."""
    key = Key(listed, page.sort, page.descending)
    roll = _roll(db, actor, filter) if key.is_told else None
    people = roll.up_to_date(db, given) if roll and roll.order(key) else None
    order = roll.order(key) if roll and people else None  # only now it is known who has moved, or that too many have
    if roll is None or people is None or order is None:
        return None
    truths = roll.matching(db, actor, people, filter, given)
    if truths is None:
        return None
    persons = held.page(db, key, order, truths, page)
    rows = people.accounts[persons] if isinstance(filter, AccountFilter) else persons
    return Found(rows.tolist(), int(np.count_nonzero(truths)) if rows.size else None)


def count(db: Session, actor: Actor, filter: Filter, given: Given) -> int | None:
    """How many match."""
    roll = _roll(db, actor, filter)
    people = roll.up_to_date(db, given) if roll else None
    truths = roll.matching(db, actor, people, filter, given) if roll and people else None
    return None if truths is None else int(np.count_nonzero(truths))


def _roll(db: Session, actor: Actor, filter: Filter) -> Roll | None:
    """The roll, if it can tell. Only for readers: what a writer has not stored yet it must never know."""
    roll = _keeper.roll if _keeper else None
    is_reader = db.get_bind().get_execution_options().get("reading")
    can_tell = roll is not None and is_reader and actor.scope.everybody and wanted.is_told(filter)
    return roll if can_tell else None
