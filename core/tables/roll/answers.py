"""What lists ask the roll: a page of rows, or how many match. None means that SQL has to answer."""

from __future__ import annotations

import numpy as np
from sqlmodel import Session

from core.permissions import Actor
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Found, Page
from core.tables.roll import wanted
from core.tables.roll.held import Roll
from core.tables.roll.keeper import Keeper
from core.tables.roll.orders import Key, Listed
from core.tables.roll.wanted import Filter

_keeper: Keeper | None = None


def begin() -> Keeper:
    """Hold a roll from now on, in this process."""
    global _keeper
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
    if page.sort in listed.untold:
        return None
    roll = _roll(db, actor, filter, given)
    known = roll.matching(db, actor, filter, given) if roll else None
    if roll is None or known is None:
        return None
    people, truths = known
    persons = roll.page(db, Key(listed, page.sort, page.descending), truths, page)
    if persons is None:
        return None
    rows = people.accounts[persons] if isinstance(filter, AccountFilter) else persons
    return Found(rows.tolist(), int(np.count_nonzero(truths)) if rows.size else None)


def count(db: Session, actor: Actor, filter: Filter, given: Given) -> int | None:
    """How many match."""
    roll = _roll(db, actor, filter, given)
    known = roll.matching(db, actor, filter, given) if roll else None
    return None if known is None else int(np.count_nonzero(known[1]))


def _roll(db: Session, actor: Actor, filter: Filter, given: Given) -> Roll | None:
    """The roll as of now, if it can tell. Only for readers: what a writer has not stored yet it must never know."""
    roll = _keeper.roll if _keeper else None
    is_reader = db.get_bind().get_execution_options().get("reading")
    if roll is None or not is_reader or not actor.scope.everybody or not wanted.is_told(filter):
        return None
    return roll if roll.is_up_to_date(db, given) else None
