"""What an act does to the accounts of a change, in a few statements however many they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.errors import Conflict
from core.models import (
    Account,
    AccountChange,
    AccountChangeItem,
    AccountRole,
    Invitation,
    Person,
    SignInMethod,
    SignInSession,
    Superseded,
)
from core.models.columns import json_type
from core.permissions import Actor
from core.rules import account_acts
from core.rules.account_acts import Act, Edit, Gift
from core.tables import account_acts as judging
from core.tables import account_roles

_POSTGRES_LOCK = 0x46495253544B4143  # one change of accounts at a time; SQLite has only one writer anyway
ENDS_LINKS: dict[Act | Edit, Superseded] = {
    Act.DEACTIVATE: Superseded.DEACTIVATED,
    Act.VOID_LINKS: Superseded.VOIDED,
    Act.TO_MICROSOFT: Superseded.VOIDED,
    Act.TO_LOCAL: Superseded.VOIDED,
}
ENDS_SESSIONS = frozenset({Act.DEACTIVATE, Act.TO_MICROSOFT, Act.TO_LOCAL})


def lock(db: Session) -> None:
    """Let no other change of accounts pass until this one is stored: two administrators could end each other."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})


def begin(db: Session, actor: Actor, *, act: Act | Edit, at: datetime) -> AccountChange:
    """Store that something changes; what the accounts were before follows as items."""
    change = AccountChange(act=act.value, made_by=actor.account_id or 0, made_at=at)
    db.add(change)
    db.flush()
    return change


def touched(change_id: int | None) -> sa.Select[Any]:
    """The ids of the accounts of a change."""
    item = aliased(AccountChangeItem)
    return sa.select(col(item.account_id)).where(col(item.change_id) == change_id)


def apply(db: Session, act: Act, *, change: AccountChange, gift: Gift | None) -> int:
    """Do it to the accounts of the change; gives how many there were. Links and sessions end with it."""
    accounts = touched(change.id)
    if gift:
        done = _give(db, accounts, gift)
    elif act in (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF):
        done = _switch_personal_email(db, accounts, on=act is Act.PERSONAL_EMAIL_ON, at=change.made_at)
    else:
        done = write(db, sa.update(Account).where(col(Account.id).in_(accounts)).values(_facts(act, change.made_at)))
    if act in ENDS_LINKS:
        end_links(db, accounts, because=ENDS_LINKS[act], at=change.made_at)
    if act in ENDS_SESSIONS:
        end_sessions(db, accounts, at=change.made_at)
    administrator_stays(db)
    return done


def end_links(db: Session, accounts: sa.Select[Any], *, because: Superseded, at: datetime) -> None:
    """End what is open of the accounts, links and initial passwords alike."""
    mine = col(Invitation.account_id).in_(accounts)
    values = {"superseded_at": at, "superseded_because": because.value}
    write(db, sa.update(Invitation).where(mine, judging.open_invitations()).values(values))
    ended = sa.and_(col(Account.id).in_(accounts), col(Account.invitation_ends_at) > at)
    write(db, sa.update(Account).where(ended).values(invitation_ends_at=at))


def end_sessions(db: Session, accounts: sa.Select[Any], *, at: datetime) -> None:
    """Sign the accounts out everywhere."""
    open_ones = sa.and_(col(SignInSession.account_id).in_(accounts), col(SignInSession.ended_at).is_(None))
    write(db, sa.update(SignInSession).where(open_ones).values(ended_at=at))


def administrator_stays(db: Session) -> None:
    """Refuse what leaves the school without anybody who can administer it."""
    if db.scalar(sa.select(col(Account.id)).where(account_roles.administers_today()).limit(1)) is None:
        raise Conflict("Then nobody could administer the school. Make somebody else an administrator first.")


def write(db: Session, statement: Any) -> int:
    """Run a statement; gives how many rows it changed."""
    db.flush()
    return int(db.connection().execute(statement.execution_options(preserve_rowcount=True)).rowcount)


def _facts(act: Act, at: datetime) -> dict[str, Any]:
    address = sa.select(col(Person.external_email)).where(col(Person.id) == col(Account.person_id))
    key = sa.select(sa.func.lower(col(Person.external_email))).where(col(Person.id) == col(Account.person_id))
    facts: dict[Act, dict[str, Any]] = {
        Act.ACTIVATE: {"deactivated_at": None},
        Act.DEACTIVATE: {"deactivated_at": at},
        Act.REQUIRE_PASSWORD_CHANGE: {"must_change_password": True},
        Act.VOID_LINKS: {"invitation_ends_at": col(Account.invitation_ends_at)},
        Act.TO_MICROSOFT: {
            "sign_in_method": SignInMethod.MICROSOFT.value,
            "username": address.scalar_subquery(),
            "username_key": key.scalar_subquery(),
            "password_hash": "",
            "must_change_password": False,
        },
        Act.TO_LOCAL: {"sign_in_method": SignInMethod.LOCAL.value, "tenant_id": None, "object_id": None},
    }
    return facts[act]


def _switch_personal_email(db: Session, accounts: sa.Select[Any], *, on: bool, at: datetime) -> int:
    people = sa.select(col(Account.person_id)).where(col(Account.id).in_(accounts))
    switched = sa.update(Person).where(col(Person.id).in_(people))
    return write(db, switched.values(use_personal_email=on, updated_at=at))


def _give(db: Session, accounts: sa.Select[Any], gift: Gift) -> int:
    everybody, section_ids = account_acts.scope(gift.role, everybody=gift.everybody, section_ids=gift.section_ids)
    rows = sa.select(
        col(Account.id),
        sa.literal(gift.role.value),
        sa.cast(gift.period_id, sa.Integer),
        sa.literal(everybody),
        sa.literal(section_ids, json_type()),
    ).where(col(Account.id).in_(accounts))
    names = ["account_id", "role", "period_id", "everybody", "section_ids"]
    return write(db, sa.insert(AccountRole).from_select(names, rows))
