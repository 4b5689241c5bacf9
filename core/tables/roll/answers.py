"""What lists ask the roll of this process, if it holds one. None means that SQL has to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import Session

from core.permissions import Actor
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Found, Page, StudentFilter
from core.tables.roll.listed import Listed

if TYPE_CHECKING:
    from core.tables.roll.keeper import Keeper

_keeper: Keeper | None = None


def begin() -> Keeper:
    """Hold a roll from now on, in this process."""
    from core.tables.roll.keeper import Keeper  # with numpy: commands and the makers of files start sooner without

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


def found(
    db: Session, actor: Actor, listed: Listed, filter: StudentFilter | AccountFilter, page: Page, given: Given
) -> Found | None:
    """The rows of a page, and how many there are."""
    return _keeper.found(db, actor, listed, filter, page, given) if _keeper else None


def count(db: Session, actor: Actor, filter: StudentFilter | AccountFilter, given: Given) -> int | None:
    """How many match."""
    return _keeper.count(db, actor, filter, given) if _keeper else None
