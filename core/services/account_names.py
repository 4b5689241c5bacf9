"""Add/Edit username: another name to sign in with, for one account."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, InputProblem, NotAllowed, NotFound, Sought
from core.models import Account, AccountChangeItem, Person, SignInMethod
from core.permissions import Actor, Permission, Role
from core.rules import account_acts, usernames
from core.rules.account_acts import Edit
from core.services import account_effects, audit
from core.tables import account_roles, scope


def change(db: Session, actor: Actor, *, account_id: int, seen: str, username: str) -> int:
    """Store another username; the person is told nothing and the old one stops working at once.

    `seen` is the username that the form was drawn from. Gives the change, which can be undone.
    """
    account = _editable(db, actor, account_id)
    written = account_acts.username(username)
    key = usernames.key(written)
    if account.username != seen:
        raise Conflict("Somebody else gave this account another username. Look at it again.")
    if written == account.username:
        raise InputProblem("This is the username already.", field="username", hint="Type another one.")
    taken = sa.select(col(Account.id)).where(col(Account.username_key) == key, col(Account.id) != account_id)
    if db.scalar(taken) is not None:
        raise InputProblem("Another account has this username.", field="username", hint="Add a letter or a number.")
    made = account_effects.begin(db, actor, act=Edit.USERNAME, at=clock.now())
    before: dict[str, object] = {"username": account.username, "username_key": account.username_key}
    db.add(AccountChangeItem(change_id=made.id or 0, account_id=account_id, before=before))
    mine = sa.update(Account).where(col(Account.id) == account_id, col(Account.username) == seen)
    if account_effects.write(db, mine.values(username=written, username_key=key)) != 1:
        raise Conflict("Somebody else gave this account another username. Look at it again.")
    details = {"change": made.id, "fields": ["username"]}
    audit.record(db, actor, action="accounts.username", object_kind="account", object_id=account_id, details=details)
    return made.id or 0


def _editable(db: Session, actor: Actor, account_id: int) -> Account:
    actor.require(Permission.MANAGE_ACCOUNTS)
    account_effects.lock(db)
    query = sa.select(Account, account_roles.is_staff()).join(Person, col(Person.id) == col(Account.person_id))
    row = db.execute(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    account: Account = row[0]
    if actor.account_id is None or (row[1] and Role.ADMINISTRATOR not in actor.roles):
        raise NotAllowed(
            "This account holds a role of staff. Only an administrator changes it.",
            by=actor,
            sought=Sought("account", account_id),
        )
    if account.sign_in_method != SignInMethod.LOCAL:
        raise Conflict("This account signs in with its Microsoft address. Convert it to a local account first.")
    return account
