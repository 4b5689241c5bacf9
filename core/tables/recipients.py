"""Who would get an e-mail and who would not, read in one go for a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import COUNTING_STATUSES, Account, MessageAccount, Person
from core.rules import message_text
from core.rules.reachability import Contact, Policy, Refusal
from core.tables import reachability
from core.tables.filters import PAGE_SIZE


@dataclass(frozen=True)
class Recipient:
    """Who gets which message, frozen at launch."""

    account_id: int
    address: str
    language: str


@dataclass(frozen=True)
class Languages:
    """The school's own, and those that there is a text in."""

    default: str
    known: frozenset[str]


def skipped(db: Session, *, account_ids: sa.Select[Any], policy: Policy) -> dict[Refusal, int]:
    """How many get nothing, by reason."""
    refusal = reachability.email_refusal(policy)
    chosen = _joined(refusal.label("refusal"), account_ids).where(refusal.is_not(None)).subquery()
    rows = db.execute(sa.select(chosen.c.refusal, sa.func.count()).group_by(chosen.c.refusal))
    found = {Refusal(name): number for name, number in rows}
    return {refusal: found[refusal] for refusal in Refusal if refusal in found}


def left_out(db: Session, *, account_ids: sa.Select[Any], policy: Policy, refusal: Refusal) -> pd.DataFrame:
    """The first people who get nothing for this reason, by name."""
    rows = _joined(col(Person.last_name).label("Last name"), account_ids).add_columns(
        col(Person.first_name).label("First name"), col(Account.username).label("Username")
    )
    mine = rows.where(reachability.email_refusal(policy) == refusal.value).order_by(col(Person.sort_name))
    result = db.execute(mine.limit(PAGE_SIZE))
    return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)


def reached(db: Session, *, account_ids: sa.Select[Any], policy: Policy, languages: Languages) -> list[Recipient]:
    """Everybody who gets one, in the order of their accounts."""
    columns = _joined(col(Account.id), account_ids).add_columns(
        reachability.email_address(policy), col(Person.language)
    )
    wanted = columns.where(reachability.email_refusal(policy).is_(None)).order_by(col(Account.id))
    return [
        Recipient(account_id, address, message_text.language(spoken or languages.default, languages.known))
        for account_id, address, spoken in db.execute(wanted)
    ]


def latest_message(db: Session, *, account_ids: sa.Select[Any]) -> int:
    """The newest message that any of them was written; 0 when there is none."""
    newest = sa.select(sa.func.max(col(MessageAccount.message_id)))
    return db.scalar(newest.where(col(MessageAccount.account_id).in_(account_ids))) or 0


def into_closed_mailboxes(db: Session, *, account_ids: sa.Select[Any], policy: Policy) -> int:
    """How many would be written to at the very Microsoft address that they cannot open yet."""
    same = sa.func.lower(col(Person.contact_email)) == sa.func.lower(col(Person.external_email))
    chosen = _joined(col(Account.id), account_ids).where(
        reachability.email_refusal(policy).is_(None),
        col(Person.external_email) != "",
        same,
        col(Account.user_type).in_(sorted(policy.microsoft_user_types)),
    )
    return db.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0


def contact(person: Person, account: Account) -> Contact:
    """What the rules of reachability want to know of a person."""
    return Contact(
        user_type=account.user_type,
        counts=person.status in COUNTING_STATUSES,
        use_personal_email=person.use_personal_email,
        personal_email=person.personal_email,
        personal_email_valid=person.personal_email_valid,
        contact_email=person.contact_email,
        contact_email_valid=person.contact_email_valid,
        external_email=person.external_email,
        mobile=person.mobile,
        mobile_region=person.mobile_region,
    )


def _joined(column: Any, account_ids: sa.Select[Any]) -> sa.Select[Any]:
    rows = sa.select(column).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    return rows.where(col(Account.id).in_(account_ids))
