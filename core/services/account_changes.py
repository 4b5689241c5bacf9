"""Undoing an act on accounts: whoever was changed since is left alone, nobody's later work is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.errors import Conflict, NotAllowed, NotFound
from core.models import Account, AccountChange, AccountChangeItem, AccountRole, Invitation, Superseded
from core.models.columns import UtcDateTime, json_type
from core.permissions import Actor, Role
from core.rules import account_acts
from core.rules.account_acts import UNDO_WITHIN, Act, Edit
from core.services import account_effects, audit
from core.tables import account_acts as judging
from core.tables import account_changes as table
from core.tables import counting, people, undoable

_PERSONAL = (Act.PERSONAL_EMAIL_ON, Act.PERSONAL_EMAIL_OFF)
_KIND = {name: UtcDateTime() for name in ("deactivated_at", "verified_at", "first_sign_in_at", "pending_provider_at")}


@dataclass(frozen=True)
class Undone:
    """How many accounts are as they were, and how many were left alone because somebody changed them since.

    `notices`: campaigns that the caller starts after the commit.
    """

    done: int
    left_alone: int
    notices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What undoing a change would do: so many are put back, so many were changed since or have to stay."""

    act: Act | Edit
    made_at: datetime
    back: int
    left_alone: int


def foresee(db: Session, actor: Actor, *, change_id: int) -> Foreseen:
    """The same without effect, for the window that asks first."""
    change = _mine(db, actor, change_id)
    act = account_acts.known(change.act)
    same = table.untouched(actor, change) if act is Edit.CREATED else table.unchanged(db, actor, change)
    back = counting.rows(db, same)
    return Foreseen(act, change.made_at, back, _size(db, change) - back)


def undo(db: Session, actor: Actor, *, change_id: int) -> Undone:
    """Put the accounts of a change back, once, within 24 hours, for whoever made it or an administrator."""
    change = _mine(db, actor, change_id)
    act, now = account_acts.known(change.act), clock.now()
    if act in account_acts.ROLE_CHANGES:
        actor.require_fresh()
    account_effects.lock(db)
    once = sa.update(AccountChange).where(col(AccountChange.id) == change_id, col(AccountChange.undone_at).is_(None))
    if account_effects.write(db, once.values(undone_at=now)) != 1:
        raise Conflict("This is undone already.")
    if act is Edit.CREATED:
        return _take_back(db, actor, change)
    back = account_effects.begin(db, actor, act=Edit.UNDO, at=now)
    db.execute(sa.update(AccountChange).where(col(AccountChange.id) == back.id).values(undone_at=now))
    same = table.unchanged(db, actor, change).subquery()
    items = sa.select(sa.literal(back.id), same.c.id, sa.literal({}, json_type()))
    into = sa.insert(AccountChangeItem).from_select(["change_id", "account_id", "before"], items)
    done = account_effects.write(db, into)
    stakes = account_effects.administrators_among(db, account_effects.touched(back.id))
    notices = _revert(db, actor, act, change, account_effects.touched(back.id), now)
    if stakes:
        account_effects.administrator_stays(db)
    undone = Undone(done, _size(db, change) - done, notices)
    only, owners = people.named(db, list(db.scalars(account_effects.touched(back.id))))
    return _record(db, actor, act, change, undone, only=only, owners=owners)


def _take_back(db: Session, actor: Actor, change: AccountChange) -> Undone:
    """Remove the accounts that were made, but for those that anything has happened to since."""
    all_of_them, mine = _size(db, change), list(db.scalars(table.untouched(actor, change)))
    owners = people.of_accounts(db, mine)
    for part in database.slices(mine):
        for owned in (AccountRole, AccountChangeItem):
            account_effects.write(db, sa.delete(owned).where(col(owned.account_id).in_(part)))
        account_effects.write(db, sa.delete(Account).where(col(Account.id).in_(part)))
    return _record(db, actor, Edit.CREATED, change, Undone(len(mine), all_of_them - len(mine)), owners=owners)


def _size(db: Session, change: AccountChange) -> int:
    return counting.rows(db, account_effects.touched(change.id))


def _record(
    db: Session,
    actor: Actor,
    act: Act | Edit,
    change: AccountChange,
    undone: Undone,
    *,
    only: int | None = None,
    owners: list[int] | None = None,
) -> Undone:
    details: dict[str, Any] = {"change": change.id, "done": undone.done, "left_alone": undone.left_alone}
    if act in account_acts.ROLE_CHANGES:
        kept = sa.select(col(AccountChangeItem.before)).where(col(AccountChangeItem.change_id) == change.id)
        details |= account_acts.role_told(db.scalars(kept).first() or {})
    action = f"accounts.{act.value}.undone"
    audit.record(db, actor, action=action, object_kind="account", object_id=only, details=details, people=owners)
    return undone


def _mine(db: Session, actor: Actor, change_id: int) -> AccountChange:
    change = db.get(AccountChange, change_id)
    if change is None or change.act in undoable.NEVER:
        raise NotFound("There is nothing to undo.")
    actor.require(account_acts.permission(account_acts.known(change.act)))
    if change.made_by != actor.account_id and Role.ADMINISTRATOR not in actor.roles:
        raise NotFound("There is nothing to undo.")
    if actor.account_id is None:
        raise NotAllowed("Only somebody who has signed in can undo this.", by=actor)
    if change.undone_at is not None:
        raise Conflict("This is undone already.")
    if change.made_at + UNDO_WITHIN < clock.now():
        raise Conflict("This was more than 24 hours ago. Change the accounts themselves instead.")
    return change


def _revert(
    db: Session, actor: Actor, act: Act | Edit, change: AccountChange, accounts: sa.Select[Any], now: datetime
) -> tuple[int, ...]:
    """Gives the campaigns that tell addresses which messages do not go to any more, or do from now on."""
    notices: tuple[int, ...] = ()
    if act in account_acts.ROLE_CHANGES:
        _put_roles_back(db, actor, act, change, accounts, now)
    elif act in _PERSONAL:
        on = act is Act.PERSONAL_EMAIL_OFF
        _done, notices = account_effects.switch_personal_email(db, actor, accounts, on=on, at=now)
    elif facts := _facts(db, act, change):
        account_effects.write(db, sa.update(Account).where(col(Account.id).in_(accounts)).values(facts))
    if act in account_effects.ENDS_LINKS:
        _revive(db, change, accounts)
    if act is Act.ACTIVATE:
        account_effects.end_links(db, accounts, because=Superseded.DEACTIVATED, at=now)
    if act in (Act.ACTIVATE, Act.TO_MICROSOFT, Act.TO_LOCAL):
        account_effects.end_sessions(db, accounts, at=now)
    return notices


def _facts(db: Session, act: Act | Edit, change: AccountChange) -> dict[str, Any]:
    if act is Act.REQUIRE_PASSWORD_CHANGE:
        return {"must_change_password": False}
    names = ("username", "username_key") if act is Edit.USERNAME else judging.REMEMBERED[Act(act)]
    return {name: _was(db, change, name) for name in names if name != "invitation_ends_at"}


def _was(db: Session, change: AccountChange, name: str) -> Any:
    mine = (col(AccountChangeItem.change_id) == change.id, col(AccountChangeItem.account_id) == col(Account.id))
    return sa.select(table.was(db, name, _KIND.get(name))).where(*mine).scalar_subquery()


def _revive(db: Session, change: AccountChange, accounts: sa.Select[Any]) -> None:
    """The links that this change ended work again; where none does, the end of the last one stays."""
    mine = col(Invitation.account_id).in_(accounts)
    alive = {"superseded_at": None, "superseded_because": None}
    account_effects.write(db, sa.update(Invitation).where(mine, table.revivable(change)).values(alive))
    lives = sa.select(col(Invitation.id)).where(
        col(Invitation.account_id) == col(Account.id), judging.open_invitations()
    )
    ended = (col(Account.id).in_(accounts), col(Account.invitation_ends_at) == change.made_at, lives.exists())
    before = sa.select(table.was(db, "invitation_ends_at", UtcDateTime())).where(
        col(AccountChangeItem.change_id) == change.id, col(AccountChangeItem.account_id) == col(Account.id)
    )
    values = {"invitation_ends_at": before.scalar_subquery()}
    account_effects.write(db, sa.update(Account).where(*ended).values(values))


def _put_roles_back(
    db: Session, actor: Actor, act: Act | Edit, change: AccountChange, accounts: sa.Select[Any], now: datetime
) -> None:
    """Roles given are taken away again; a changed scope and an ended role come back from what was remembered."""
    item = sa.select(col(AccountChangeItem.account_id)).where(
        col(AccountChangeItem.change_id) == change.id,
        col(AccountChangeItem.account_id).in_(accounts),
        table.role_of_item(db),
    )
    kept = sa.select(AccountChangeItem).where(col(AccountChangeItem.change_id) == change.id)
    remembered = db.scalars(kept.where(col(AccountChangeItem.account_id).in_(accounts))).all()
    account_effects.write(db, sa.delete(AccountRole).where(item.exists()))
    if act is not Act.GIVE_ROLE:
        db.add_all(AccountRole.model_validate({**one.before, "account_id": one.account_id}) for one in remembered)
        db.flush()
    roles = {str(one.before["role"]) for one in remembered}
    account_effects.staff_role_changed(db, actor, accounts, roles=roles, at=now)
