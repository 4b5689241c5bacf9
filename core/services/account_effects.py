"""What an act does to the accounts of a change, in a few statements however many they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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
    SignInStep,
    Superseded,
)
from core.models.columns import json_type
from core.permissions import STAFF_ROLES, Actor, Role
from core.rules.account_acts import Act, Edit, Gift
from core.services import address_changes
from core.tables import account_acts as judging
from core.tables import account_roles

_POSTGRES_LOCK = 0x46495253544B4143  # one change of accounts at a time; SQLite has only one writer anyway
ENDS_LINKS: dict[Act | Edit, Superseded] = {
    Act.DEACTIVATE: Superseded.DEACTIVATED,
    Act.VOID_LINKS: Superseded.VOIDED,
    Act.TO_MICROSOFT: Superseded.VOIDED,
    Act.TO_LOCAL: Superseded.VOIDED,
}
_OF_THE_WAY_IN = ("verified_at", "first_sign_in_at")  # whose password or Microsoft link ends begins anew
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


@dataclass(frozen=True)
class Applied:
    """How many accounts it was done to; `notices` are the campaigns that tell the addresses that changed."""

    done: int
    notices: tuple[int, ...] = ()


def apply(db: Session, actor: Actor, act: Act, *, change: AccountChange, gift: Gift | None) -> Applied:
    """Do it to the accounts of the change. What was handed out before, and sessions, end with it."""
    accounts, at = touched(change.id), change.made_at
    stakes, notices = gift is None and administrators_among(db, accounts), tuple[int, ...]()
    if gift:
        done = _give(db, accounts, gift)
        staff_role_changed(db, actor, accounts, roles=[gift.role], at=at)
    elif act in (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF):
        done, notices = switch_personal_email(db, actor, accounts, on=act is Act.PERSONAL_EMAIL_ON, at=at)
    else:
        done = write(db, sa.update(Account).where(col(Account.id).in_(accounts)).values(_facts(act, at)))
    if act in ENDS_LINKS:
        end_links(db, accounts, because=ENDS_LINKS[act], at=at)
    if act in ENDS_SESSIONS:
        end_sessions(db, accounts, at=at)
    if stakes:
        administrator_stays(db)
    return Applied(done, notices)


def staff_role_changed(
    db: Session, actor: Actor, accounts: sa.Select[Any], *, roles: Collection[str], at: datetime
) -> None:
    """Where a role of staff is given, changed or ended: links and passwords from before open nothing (R17).

    Other browsers are signed out (R35), and only the one that does this to its own account goes on. Whoever hands out
    a link at this moment holds the account: wait for them, then end what they made.
    """
    if STAFF_ROLES.isdisjoint(roles):
        return
    db.execute(sa.select(col(Account.id)).where(col(Account.id).in_(accounts)).with_for_update())
    end_links(db, accounts, because=Superseded.ROLE_CHANGED, at=at)
    end_sessions(db, accounts, at=at, but=actor.session_id or "")


def switch_personal_email(
    db: Session, actor: Actor, accounts: sa.Select[Any], *, on: bool, at: datetime
) -> tuple[int, tuple[int, ...]]:
    """Switch it for the owners, with all that follows where messages go elsewhere. Gives how many, and the notices."""
    before = address_changes.standing(db, list(db.scalars(accounts)))
    people = sa.select(col(Account.person_id)).where(col(Account.id).in_(accounts))
    switched = sa.update(Person).where(col(Person.id).in_(people))
    done = write(db, switched.values(use_personal_email=on, updated_at=at))
    return done, address_changes.follow(db, actor, before=before).notices


def end_links(db: Session, accounts: sa.Select[Any], *, because: Superseded, at: datetime) -> None:
    """End what is open of the accounts, links and initial passwords alike."""
    mine = col(Invitation.account_id).in_(accounts)
    values = {"superseded_at": at, "superseded_because": because.value}
    write(db, sa.update(Invitation).where(mine, judging.open_invitations()).values(values))
    ended = sa.and_(col(Account.id).in_(accounts), col(Account.invitation_ends_at) > at)
    write(db, sa.update(Account).where(ended).values(invitation_ends_at=at))


def end_sessions(db: Session, accounts: sa.Select[Any], *, at: datetime, but: str = "") -> None:
    """Sign the accounts out everywhere; the session `but` is spared."""
    open_ones = sa.and_(col(SignInSession.account_id).in_(accounts), col(SignInSession.ended_at).is_(None))
    write(db, sa.update(SignInSession).where(open_ones, col(SignInSession.id) != but).values(ended_at=at))
    write(db, sa.delete(SignInStep).where(col(SignInStep.account_id).in_(accounts)))


def administrators_among(db: Session, accounts: sa.Select[Any]) -> bool:
    """Whether any of the accounts is an administrator's; asked before a change."""
    held = sa.select(col(AccountRole.id)).where(col(AccountRole.account_id).in_(accounts))
    return db.scalar(held.where(col(AccountRole.role) == Role.ADMINISTRATOR).limit(1)) is not None


def administrator_stays(db: Session) -> None:
    """Refuse what leaves the school without anybody who can sign in and administer it."""
    if db.scalar(sa.select(col(Account.id)).where(account_roles.administers_today()).limit(1)) is None:
        raise Conflict("Then nobody could administer the school. Make somebody else an administrator first.")


def write(db: Session, statement: Any) -> int:
    """Run a statement; gives how many rows it changed. Whoever was quicker, on PostgreSQL, is told of as a Conflict."""
    db.flush()
    try:
        return int(db.connection().execute(statement.execution_options(preserve_rowcount=True)).rowcount)
    except sa.exc.IntegrityError:  # its text would quote usernames (R97)
        raise Conflict("Somebody else took the same at this moment, so nothing was done. Try again.") from None


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
            **dict.fromkeys(_OF_THE_WAY_IN),
        },
        Act.TO_LOCAL: {
            "sign_in_method": SignInMethod.LOCAL.value,
            "tenant_id": None,
            "object_id": None,
            "pending_provider_at": None,
            **{name: sa.case((col(Account.password_hash) != "", getattr(Account, name))) for name in _OF_THE_WAY_IN},
        },
    }
    return facts[act]


def _give(db: Session, accounts: sa.Select[Any], gift: Gift) -> int:
    held = gift.reach
    rows = sa.select(
        col(Account.id),
        sa.literal(gift.role.value),
        sa.cast(gift.period_id, sa.Integer),
        sa.literal(held.everybody),
        *(sa.literal(list(part), json_type()) for part in (held.section_ids, held.grades, held.schools)),
        sa.literal(gift.starts_on, sa.Date()),
        sa.literal(gift.ends_on, sa.Date()),
    ).where(col(Account.id).in_(accounts))
    names = ["account_id", "role", "period_id", "everybody", "section_ids", "grades", "schools", "starts_on", "ends_on"]
    return write(db, sa.insert(AccountRole).from_select(names, rows))
