"""Whom a campaign left out, as it was written down at the launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, CampaignLeftOut, Person
from core.permissions import Actor, Permission
from core.tables import frames, scope
from core.tables.filters import Page

if TYPE_CHECKING:
    import pandas as pd


def page(db: Session, actor: Actor, *, campaign_id: int, reason: str = "", page: Page) -> pd.DataFrame:
    """By name, with the reason of each; only those of one `reason`, where one is given."""
    actor.require(Permission.SEND)
    columns: tuple[Any, ...] = (
        col(Person.last_name),
        col(Person.first_name),
        col(Account.username),
        col(CampaignLeftOut.reason),
    )
    rows = _rows(actor, campaign_id, reason, *columns).outerjoin(Account, col(Account.person_id) == col(Person.id))
    shown = rows.order_by(col(Person.sort_name), col(Person.id)).limit(page.size).offset(page.offset)
    result = db.execute(shown)
    return frames.table(result.all(), result.keys())


def count(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """How many there are; of a campaign of an older version of Firstkey nobody is on record."""
    actor.require(Permission.SEND)
    return db.scalar(_rows(actor, campaign_id, "", sa.func.count())) or 0


def people(db: Session, actor: Actor, *, campaign_id: int, reason: str) -> sa.Select[Any]:
    """The people of one reason."""
    actor.require(Permission.SEND)
    return _rows(actor, campaign_id, reason, col(Person.id))


def _rows(actor: Actor, campaign_id: int, reason: str, *columns: Any) -> sa.Select[Any]:
    rows = sa.select(*columns).select_from(CampaignLeftOut)
    rows = rows.join(Person, col(Person.id) == col(CampaignLeftOut.person_id)).where(scope.people(actor))
    rows = rows.where(col(CampaignLeftOut.campaign_id) == campaign_id)
    return rows.where(col(CampaignLeftOut.reason) == reason) if reason else rows
