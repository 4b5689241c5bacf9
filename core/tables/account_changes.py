"""Which accounts of a change are still as it left them, and may be put back by whoever asks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import (
    Account,
    AccountChange,
    AccountChangeItem,
    AccountRole,
    Invitation,
    MessageAccount,
    Person,
    SignInMethod,
    SignInSession,
)
from core.permissions import Actor, Role
from core.rules import account_acts
from core.rules.account_acts import ROLE_CHANGES, Act, Edit
from core.tables import account_roles, scope

Truth = sa.ColumnElement[bool]
_NAMES = (Act.TO_MICROSOFT, Edit.USERNAME)
# After an activation nothing from before the deactivation opens again, even where that one counts as undone.
_ENDS_LINKS = (Act.DEACTIVATE, Act.ACTIVATE, Act.VOID_LINKS, Act.TO_MICROSOFT, Act.TO_LOCAL, *ROLE_CHANGES)


def was(db: Session, name: str, kind: sa.types.TypeEngine[Any] | None = None, item: Any = AccountChangeItem) -> Any:
    """What an item remembers under a name. SQLite keeps moments as text and needs no cast."""
    value = col(item.before)[name].as_string()
    return value if kind is None or db.get_bind().dialect.name == "sqlite" else sa.cast(value, kind)


def unchanged(db: Session, actor: Actor, change: AccountChange) -> sa.Select[Any]:
    """The ids of the accounts that nobody has changed since, within what the actor may change."""
    act = account_acts.known(change.act)
    query = sa.select(col(Account.id)).select_from(AccountChangeItem)
    query = query.join(Account, col(Account.id) == col(AccountChangeItem.account_id))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    query = query.where(col(AccountChangeItem.change_id) == change.id, scope.people(actor))
    query = query.where(sa.not_(_changed_later(db, change, act)), _still(db, change, act))
    if act is Act.ACTIVATE:
        query = query.where(col(Account.id) != (actor.account_id or 0))
    return query if Role.ADMINISTRATOR in actor.roles else query.where(sa.not_(account_roles.is_staff()))


def untouched(actor: Actor, change: AccountChange) -> sa.Select[Any]:
    """The ids of the accounts of a change that were never written to, used, printed or changed since."""
    item = aliased(AccountChangeItem)
    mine = sa.select(col(item.account_id)).where(col(item.change_id) == change.id)
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    query = query.where(col(Account.id).in_(mine), scope.people(actor))
    facts = (col(Account.invited_at), col(Account.verified_at), col(Account.last_sign_in_at))
    query = query.where(*(fact.is_(None) for fact in facts), col(Account.password_hash) == "")
    later = sa.select(col(item.account_id)).where(col(item.change_id) != change.id)
    happened = (
        sa.select(col(owned.account_id)).where(col(owned.account_id) == col(Account.id)).exists()
        for owned in (Invitation, MessageAccount, SignInSession)
    )
    changed = later.where(col(item.account_id) == col(Account.id)).exists()
    return query.where(*(sa.not_(one) for one in (*happened, changed)))


def revivable(change: AccountChange) -> Truth:
    """Holds for links that this change ended, of people and passwords that are the same as then.

    A link to an address that was changed since stays dead, and so does one that a newer one has replaced. Nor does an
    account that is switched off get one back, or one whose links something else would have ended since.
    """
    newer = aliased(Invitation)
    mine = (col(newer.account_id) == col(Invitation.account_id), col(newer.purpose) == col(Invitation.purpose))
    later = sa.select(col(newer.id)).where(*mine, col(newer.id) > col(Invitation.id))
    owner = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    owner = owner.where(col(Account.id) == col(Invitation.account_id), col(Account.deactivated_at).is_(None))
    chose = sa.or_(col(Account.password_changed_at).is_(None), col(Account.password_changed_at) <= change.made_at)
    same = owner.where(col(Person.updated_at) <= change.made_at, chose)
    ended = (col(Invitation.superseded_at) == change.made_at, col(Invitation.used_at).is_(None))
    return sa.and_(*ended, sa.not_(later.exists()), same.exists(), sa.not_(_ended_again(change)))


def _ended_again(change: AccountChange) -> Truth:
    """Holds for links of accounts that were changed since in a way that ends links, and were left so."""
    item, since = aliased(AccountChangeItem), aliased(AccountChange)
    query = sa.select(col(item.account_id)).join(since, col(since.id) == col(item.change_id))
    query = query.where(col(item.account_id) == col(Invitation.account_id), col(since.id) > change.id)
    return query.where(col(since.undone_at).is_(None), col(since.act).in_(_ENDS_LINKS)).exists()


def role_of_item(db: Session, item: Any = AccountChangeItem) -> Truth:
    """Holds for the AccountRole that an item speaks of."""
    period = sa.cast(was(db, "period_id", item=item), sa.Integer)
    same = (
        col(AccountRole.role) == was(db, "role", item=item),
        col(AccountRole.period_id).is_not_distinct_from(period),
    )
    return sa.and_(col(AccountRole.account_id) == col(item.account_id), *same)


def _changed_later(db: Session, change: AccountChange, act: Act | Edit) -> Truth:
    item, later = aliased(AccountChangeItem), aliased(AccountChange)
    query = sa.select(col(item.account_id)).join(later, col(later.id) == col(item.change_id))
    query = query.where(col(item.account_id) == col(Account.id), col(later.id) > change.id)
    query = query.where(col(later.undone_at).is_(None), col(later.act).in_(account_acts.related(act)))
    if act in ROLE_CHANGES:
        query = query.where(was(db, "role", item=item) == was(db, "role"))
        query = query.where(was(db, "period_id", item=item).is_not_distinct_from(was(db, "period_id")))
    return query.exists()


def _still(db: Session, change: AccountChange, act: Act | Edit) -> Truth:
    """Holds where the account is as the change left it."""
    link = sa.select(col(Invitation.id)).where(col(Invitation.account_id) == col(Account.id), revivable(change))
    held = sa.select(col(AccountRole.id)).where(role_of_item(db)).exists()
    if act in _NAMES:
        return _name_is_free(db, linked=act is Act.TO_MICROSOFT)
    facts: dict[Act | Edit, Truth] = {
        Act.ACTIVATE: col(Account.deactivated_at).is_(None),
        Act.DEACTIVATE: col(Account.deactivated_at) == change.made_at,
        Act.REQUIRE_PASSWORD_CHANGE: col(Account.must_change_password).is_(True),
        Act.VOID_LINKS: link.exists(),
        Act.TO_LOCAL: sa.and_(col(Account.sign_in_method) == SignInMethod.LOCAL, col(Account.password_hash) == ""),
        Act.PERSONAL_EMAIL_ON: col(Person.use_personal_email).is_(True),
        Act.PERSONAL_EMAIL_OFF: col(Person.use_personal_email).is_(False),
        Act.GIVE_ROLE: held,
        Edit.ROLE_SCOPE: held,
        Edit.ROLE_ENDED: sa.not_(held),
    }
    return facts[act]


def _name_is_free(db: Session, *, linked: bool) -> Truth:
    """Nobody took the old username; nor has anybody signed in with Microsoft in the meantime."""
    other = aliased(Account)
    taken = sa.select(col(other.id)).where(
        col(other.username_key) == was(db, "username_key"), col(other.id) != col(Account.id)
    )
    microsoft = sa.and_(col(Account.sign_in_method) == SignInMethod.MICROSOFT, col(Account.object_id).is_(None))
    return sa.and_(sa.not_(taken.exists()), microsoft if linked else sa.true())
