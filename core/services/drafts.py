"""What somebody wants to send and to whom, and who of these gets nothing for which reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, CampaignKind, Channel, Person
from core.permissions import Actor, Permission
from core.rules.reachability import Refusal
from core.rules.words import SENT_LATELY
from core.services import left_out as left_outs
from core.services import selections_beside
from core.services.selections import ListName
from core.tables import accounts, counting, recipients, reminders, school, selection_rows
from core.tables.filters import AccountFilter
from core.tables.plans import Options, Plan
from core.tables.recipients import Wanted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Draft:
    """What somebody wants to send, and to whom: a stored selection, or a filter on the command line.

    Reminders are for whoever is due at this moment, and have neither.
    `by_family`: one message to an address for all its people. `again`: to those too who were sent the same today.
    `retry_of`: to those whom this campaign failed to reach, and nobody has since.
    """

    kind: CampaignKind = CampaignKind.INITIAL_INVITATION
    channel: Channel = Channel.EMAIL
    selection_id: int | None = None
    filter: AccountFilter | None = None
    by_family: bool = False
    again: bool = False
    retry_of: int | None = None

    @property
    def options(self) -> Options:
        return Options(self.kind, self.channel, self.by_family, self.again, self.retry_of)


def account_ids(db: Session, actor: Actor, draft: Draft) -> sa.Select[Any]:
    """The accounts it is for."""
    if draft.selection_id is not None:
        return selection_rows.account_ids(db, actor, selection_id=draft.selection_id)
    if draft.kind is CampaignKind.REMINDER:
        return reminders.due(school.settings(db), reminders.Run(clock.now()))
    return accounts.matching(db, actor, filter=draft.filter or AccountFilter())


def skipped(db: Session, actor: Actor, draft: Draft, plan: Plan) -> dict[str, int]:
    """Everybody chosen who gets nothing: a campaign is for accounts, but students without one are counted too.

    The check and the launch both ask here, so that the page before and the page after say the same number.
    """
    without = _without_account(db, actor, draft)
    number = 0 if without is None else counting.rows(db, without)
    return ({Refusal.NO_ACCOUNT.value: number} if number else {}) | plan.skipped


def all_left_out(db: Session, actor: Actor, draft: Draft, plan: Plan) -> dict[str, int]:
    """How many got nothing, by the codes of words.GETS_NOTHING: together with who receives it, all who were chosen."""
    found = skipped(db, actor, draft, plan)
    return found | ({SENT_LATELY: plan.lately.people} if plan.lately and not draft.again else {})


def write_left_out(db: Session, actor: Actor, draft: Draft, *, campaign_id: int, reasons: Collection[str]) -> None:
    """Write down per person whom the launch leaves out for these reasons."""
    without = _without_account(db, actor, draft)
    wanted = _wanted(db, actor, draft)
    left_outs.write(db, campaign_id=campaign_id, wanted=wanted, options=draft.options, reasons=reasons, without=without)


def left_out(db: Session, actor: Actor, *, draft: Draft, reason: str) -> pd.DataFrame:
    """The first people who would get nothing for one reason, of words.GETS_NOTHING."""
    actor.require(Permission.SEND)
    without = _without_account(db, actor, draft)
    if reason == Refusal.NO_ACCOUNT and without is not None:
        return recipients.named(db, without)
    wanted = _wanted(db, actor, draft)
    return recipients.left_out(db, wanted, _of_reason(draft, wanted, reason))


def open_left_out(db: Session, actor: Actor, *, draft: Draft, reason: str) -> ListName:
    """Have a list show exactly these people, as `of_check`; gives the list, the one in which they were chosen."""
    actor.require(Permission.SEND)
    if draft.selection_id is not None and selection_rows.is_of_people(db, actor, selection_id=draft.selection_id):
        found = sorted(db.scalars(_people(db, actor, draft, reason)))
        return selections_beside.of_check(db, actor, list_name="students", rows=found)
    wanted = _wanted(db, actor, draft)
    mine = wanted.rows(col(Account.id)).where(_of_reason(draft, wanted, reason))
    return selections_beside.of_check(db, actor, list_name="accounts", rows=sorted(db.scalars(mine)))


def _people(db: Session, actor: Actor, draft: Draft, reason: str) -> sa.Select[Any]:
    without = _without_account(db, actor, draft)
    if reason == Refusal.NO_ACCOUNT and without is not None:
        return without
    wanted = _wanted(db, actor, draft)
    return wanted.rows(col(Person.id)).where(_of_reason(draft, wanted, reason))


def _without_account(db: Session, actor: Actor, draft: Draft) -> sa.Select[Any] | None:
    """Those chosen who have no account; None where accounts were chosen."""
    if draft.selection_id is None:
        return None
    return selection_rows.without_account(db, actor, selection_id=draft.selection_id)


def _wanted(db: Session, actor: Actor, draft: Draft) -> Wanted:
    policy = school.policy(school.settings(db))
    return Wanted(account_ids(db, actor, draft), draft.channel, policy)


def _of_reason(draft: Draft, wanted: Wanted, reason: str) -> sa.ColumnElement[bool]:
    return recipients.of_reason(wanted, reason, kind=draft.kind, retry_of=draft.retry_of)
