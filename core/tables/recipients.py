"""Who would get a message and who would not, read in one go for a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import clock
from core.models import (
    Account,
    Campaign,
    CampaignStatus,
    Channel,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
    PersonKind,
)
from core.rules import message_text
from core.rules.reachability import Contact, Policy, Refusal
from core.rules.words import SENT_LATELY, SENT_SINCE
from core.tables import counting, frames, reachability
from core.tables.filters import PAGE_SIZE
from core.tables.unindexed import Unindexed

if TYPE_CHECKING:
    import pandas as pd

LATELY = timedelta(hours=24)
_GONE = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN)
_LIVES = col(Campaign.status) != CampaignStatus.CANCELLED


class Recipient(NamedTuple):
    """Who gets which message, frozen at launch."""

    account_id: int
    address: str
    language: str


@dataclass(frozen=True)
class Recipients:
    """Many of them, as columns: of 100,000 objects Python's search for garbage makes a quarter of a launch."""

    account_ids: list[int]
    addresses: list[str]
    languages: list[str]

    def __len__(self) -> int:
        return len(self.account_ids)

    def __iter__(self) -> Iterator[Recipient]:
        return map(Recipient, self.account_ids, self.addresses, self.languages)


@dataclass(frozen=True)
class Languages:
    """The school's own, and those that there is a text in."""

    default: str
    known: frozenset[str]


@dataclass(frozen=True)
class Lately:
    """How many were sent the same in the last 24 hours or wait for it, and when the last of them went."""

    people: int
    at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which people a campaign is for, and how it reaches them."""

    account_ids: sa.Select[Any]
    channel: str
    policy: Policy

    @property
    def refusal(self) -> sa.ColumnElement[str | None]:
        of = reachability.sms_refusal if self.channel == Channel.SMS else reachability.email_refusal
        return of(self.policy)

    @property
    def address(self) -> sa.ColumnElement[str]:
        of = reachability.sms_address if self.channel == Channel.SMS else reachability.email_address
        return of(self.policy)

    def rows(self, *columns: Any) -> sa.Select[Any]:
        """Of the people it is for, by account."""
        rows = sa.select(*columns).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
        return rows.where(col(Account.id).in_(self.account_ids))


def told_apart(
    db: Session, wanted: Wanted, *, languages: Languages, without: sa.Select[Any] | None
) -> tuple[Recipients, dict[str, int]]:
    """Everybody who gets one, in the order of their accounts, and how many get none, by refusal.

    `without` are accounts that get none all the same. One look at each person for both: to ask whether somebody is
    refused is most of the work.
    """
    had_it = sa.literal(0) if without is None else sa.case((col(Account.id).in_(without), 1), else_=0)
    columns = (col(Account.id), wanted.refusal, wanted.address, col(Person.language), had_it)
    found, refused = Recipients([], [], []), Counter[str]()
    for account_id, why, to, spoken, had in db.connection().execute(wanted.rows(*columns).order_by(col(Account.id))):
        if why is not None:
            refused[why] += 1
        elif not had:
            found.account_ids.append(account_id)
            found.addresses.append(to)
            found.languages.append(message_text.language(spoken or languages.default, languages.known))
    return found, {name.value: refused[name] for name in Refusal if name in refused}


def number_of(db: Session, wanted: Wanted, which: sa.ColumnElement[bool]) -> int:
    """How many of them that holds for."""
    return db.scalar(wanted.rows(sa.func.count()).where(which)) or 0


def of_reason(wanted: Wanted, reason: str, *, kind: str, retry_of: int | None = None) -> sa.ColumnElement[bool]:
    """Holds for whoever gets nothing for this reason, of words.GETS_NOTHING. Of several, the refusal comes first."""
    if reason not in (SENT_LATELY, SENT_SINCE):
        return wanted.refusal == reason
    had_it = written_to_lately(kind, wanted.channel) if reason == SENT_LATELY else sent_since(retry_of or 0)
    return sa.and_(wanted.refusal.is_(None), col(Account.id).in_(had_it))


def left_out(db: Session, wanted: Wanted, which: sa.ColumnElement[bool]) -> pd.DataFrame:
    """The first people that holds for, by name."""
    names: tuple[Any, ...] = (col(Person.last_name).label("Last name"), col(Person.first_name).label("First name"))
    rows = wanted.rows(*names, col(Account.username).label("Username")).where(which)
    result = db.execute(rows.order_by(col(Person.sort_name)).limit(PAGE_SIZE))
    return frames.table(result.all(), result.keys())


def named(db: Session, people: sa.Select[Any]) -> pd.DataFrame:
    """The first of these people, by name."""
    columns: list[Any] = [col(Person.last_name).label("Last name"), col(Person.first_name).label("First name")]
    names = sa.select(*columns).where(col(Person.id).in_(people))
    result = db.execute(names.order_by(col(Person.sort_name)).limit(PAGE_SIZE))
    return frames.table(result.all(), result.keys())


def written_to_lately(kind: str, channel: str) -> sa.Select[Any]:
    """Accounts to which the same may have gone in the last 24 hours, or waits to go."""
    query = sa.select(col(MessageAccount.account_id)).join(Message, col(Message.id) == col(MessageAccount.message_id))
    query = query.join(Campaign, col(Campaign.id) == col(Message.campaign_id)).where(col(Campaign.kind) == kind)
    gone = sa.and_(col(Message.claimed_at) > clock.now() - LATELY, col(Message.status).in_(_GONE))
    waits = sa.and_(col(Message.status) == MessageStatus.QUEUED, _LIVES)
    return query.where(col(Message.channel) == channel, sa.or_(gone, waits))


def sent_since(campaign_id: int) -> sa.Select[Any]:
    """Accounts of a campaign to which the same may have gone, or waits to go, since its own message to them was tried.

    By the moment of the try, not of the failure: a bounce comes days later. A message of the campaign itself counts
    too, when the provider took the failure back.
    """
    return _same_since(campaign_id, col(_mine.account_id))


def overtaken(campaign_id: int) -> sa.Select[Any]:
    """Its messages to whose people another of the same may have gone, or waits to go, since they were tried."""
    return _same_since(campaign_id, col(_its.id)).where(col(_later.id) != col(_its.id))


_mine, _its, _own, _later, _tie = (
    *(aliased(MessageAccount), aliased(Message), aliased(Campaign)),
    *(aliased(Message), aliased(MessageAccount)),
)


def _same_since(campaign_id: int, what: Any) -> sa.Select[Any]:
    """From each account to its other messages, never from all messages of a later campaign to the accounts."""
    tried = sa.func.coalesce(col(_its.claimed_at), col(_its.finished_at))
    status, channel, of = (Unindexed(col(column)) for column in (_later.status, _later.channel, _later.campaign_id))
    gone = sa.and_(status.in_(_GONE), col(_later.claimed_at) >= tried)
    query = sa.select(what).select_from(_mine).join(_its, col(_its.id) == col(_mine.message_id))
    query = query.join(_own, col(_own.id) == col(_mine.campaign_id)).where(col(_mine.campaign_id) == campaign_id)
    query = query.join(_tie, col(_tie.account_id) == col(_mine.account_id))
    query = query.join(_later, col(_later.id) == col(_tie.message_id)).where(channel == col(_its.channel))
    query = query.join(Campaign, col(Campaign.id) == of).where(col(Campaign.kind) == col(_own.kind))
    return query.where(sa.or_(gone, sa.and_(status == MessageStatus.QUEUED, _LIVES)))


def lately(db: Session, wanted: Wanted, *, kind: str) -> Lately | None:
    """How many of those who could get it were sent the same lately; None when nobody was."""
    same = written_to_lately(kind, wanted.channel).add_columns(col(Message.claimed_at).label("at")).subquery()
    people = wanted.rows(sa.func.count(col(Account.id).distinct()), sa.func.max(same.c.at))
    people = people.join(same, same.c.account_id == col(Account.id)).where(wanted.refusal.is_(None))
    number, at = db.execute(people).one()
    return Lately(number, at) if number else None


def latest_message(db: Session, *, account_ids: sa.Select[Any]) -> int:
    """The newest message that any of them was written; 0 when there is none."""
    chosen = account_ids.subquery()
    theirs = sa.join(chosen, MessageAccount, col(MessageAccount.account_id) == chosen.c[0])
    return db.scalar(sa.select(sa.func.max(col(MessageAccount.message_id))).select_from(theirs)) or 0


def into_closed_mailboxes(db: Session, wanted: Wanted) -> int:
    """How many would be written to at the very Microsoft address that they cannot open yet."""
    if not wanted.policy.microsoft_user_types:
        return 0
    same = sa.func.lower(col(Person.contact_email)) == sa.func.lower(col(Person.external_email))
    chosen = wanted.rows(col(Account.id)).where(
        wanted.refusal.is_(None),
        col(Person.external_email) != "",
        same,
        col(Account.user_type).in_(sorted(wanted.policy.microsoft_user_types)),
    )
    return counting.rows(db, chosen)


def contact(person: Person, account: Account, policy: Policy) -> Contact:
    """What the rules of reachability want to know of a person."""
    return Contact(
        user_type=account.user_type,
        counts=policy.counts(is_student=person.kind == PersonKind.STUDENT, status=person.status),
        use_personal_email=person.use_personal_email,
        personal_email=person.personal_email,
        personal_email_valid=person.personal_email_valid,
        contact_email=person.contact_email,
        contact_email_valid=person.contact_email_valid,
        external_email=person.external_email,
        mobile=person.mobile,
        mobile_region=person.mobile_region,
    )
