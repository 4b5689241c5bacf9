"""Whom a campaign leaves out, and why: written down at the launch, for a day later the reasons are others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, CampaignLeftOut, Person
from core.permissions import Actor, Permission
from core.rules.reachability import Refusal
from core.rules.words import SENT_LATELY, SENT_SINCE
from core.services import selections_beside
from core.services.selections import ListName
from core.tables import left_out, recipients
from core.tables.plans import Options
from core.tables.recipients import Wanted

_SAME = (SENT_LATELY, SENT_SINCE)
_COLUMNS = ("campaign_id", "person_id", "reason")


def write(
    db: Session,
    *,
    campaign_id: int,
    wanted: Wanted,
    options: Options,
    reasons: Collection[str],
    without: sa.Select[Any] | None = None,
) -> None:
    """Write down whom these reasons leave out, before the messages of the campaign are there.

    The database copies the rows by itself, a statement for a kind of reason: 100,000 are no more than a part of a
    second. `without`: those chosen who have no account, where people were chosen.
    """
    campaign: Any = sa.literal(campaign_id)
    if set(reasons) - {*_SAME, Refusal.NO_ACCOUNT}:
        refused = wanted.rows(campaign, col(Person.id), wanted.refusal).where(wanted.refusal.is_not(None))
        _copy(db, refused)
    for reason in (reason for reason in _SAME if reason in reasons):
        which = recipients.of_reason(wanted, reason, kind=options.kind, retry_of=options.retry_of)
        _copy(db, wanted.rows(campaign, col(Person.id), sa.literal(reason)).where(which))
    if Refusal.NO_ACCOUNT in reasons and without is not None:
        _copy(db, without.with_only_columns(campaign, col(Person.id), sa.literal(Refusal.NO_ACCOUNT.value)))


def open_list(db: Session, actor: Actor, *, campaign_id: int, reason: str) -> ListName:
    """Have a list show exactly whom a campaign left out for one reason, as `of_check`; gives the list."""
    actor.require(Permission.SEND)
    people = left_out.people(db, actor, campaign_id=campaign_id, reason=reason)
    if reason == Refusal.NO_ACCOUNT:
        return selections_beside.of_check(db, actor, list_name="students", rows=sorted(db.scalars(people)))
    mine = sa.select(col(Account.id)).where(col(Account.person_id).in_(people))
    return selections_beside.of_check(db, actor, list_name="accounts", rows=sorted(db.scalars(mine)))


def _copy(db: Session, rows: sa.Select[Any]) -> None:
    db.execute(sa.insert(CampaignLeftOut).from_select(_COLUMNS, rows))
