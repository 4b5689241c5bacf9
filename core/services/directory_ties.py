"""Ties people to their users in Microsoft's directory: by the ids of tenant and user, never by an address (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.errors import Conflict
from core.models import Account, Person, SignInMethod
from core.rules import person_facts, usernames
from core.rules.directory_users import NotTied, usable
from core.services import address_changes
from core.tables import school

AT_ONCE = 1_000


@dataclass(frozen=True)
class Tie:
    """This person is this user, who signs in with this address."""

    person_id: int
    object_id: str
    address: str


def tie(db: Session, ties: Sequence[Tie], *, tenant_id: str) -> dict[int, NotTied]:
    """Keep the address with the person, and the ids (with the username, where it is Microsoft's) with the account.

    An account with a password here stays so: its ids open nothing until somebody converts it. Gives who could not be
    tied, and why. Whoever has no account gets the ids when one is made (accounts.create).
    """
    db.flush()
    left_out: dict[int, NotTied] = {}
    for part in database.slices(ties, AT_ONCE):
        accounts = _accounts(db, [one.person_id for one in part])
        wrong = _wrong(db, part, accounts)
        fine = [one for one in part if one.person_id not in wrong]
        _write_people(db, fine, accounts)
        _write_accounts(db, fine, accounts, tenant_id)
        left_out |= wrong
    return left_out


def _accounts(db: Session, person_ids: Sequence[int]) -> dict[int, Account]:
    query = sa.select(Account).where(col(Account.person_id).in_(person_ids)).with_for_update()
    return {account.person_id: account for account in db.scalars(query)}


def _wrong(db: Session, ties: Sequence[Tie], accounts: dict[int, Account]) -> dict[int, NotTied]:
    """Whoever has the name or the user already, among those who are tied now and among all others."""
    names = _owners(db, col(Account.username_key), [usernames.key(one.address) for one in ties])
    users = _owners(db, col(Account.object_id), [one.object_id for one in ties])
    wrong: dict[int, NotTied] = {}
    for one in ties:
        if not usable(one.address):
            wrong[one.person_id] = NotTied.ADDRESS
        elif names.setdefault(usernames.key(one.address), one.person_id) != one.person_id:
            wrong[one.person_id] = NotTied.NAME_TAKEN
        elif users.setdefault(one.object_id, one.person_id) != one.person_id:
            wrong[one.person_id] = NotTied.SOMEBODY_ELSE
        elif one.person_id in accounts and accounts[one.person_id].object_id not in (None, one.object_id):
            wrong[one.person_id] = NotTied.ALREADY
    return wrong


def _owners(db: Session, column: Any, values: Sequence[str]) -> dict[str, int]:
    query = sa.select(column, col(Account.person_id)).where(column.in_(values))
    return {value: person_id for value, person_id in db.execute(query)}  # noqa: C416


def _write_people(db: Session, ties: Sequence[Tie], accounts: dict[int, Account]) -> None:
    """What went to an address that is no longer the person's opens nothing any more."""
    region, rows, left = school.settings(db).default_region, list[dict[str, Any]](), list[tuple[int, str]]()
    people = db.scalars(sa.select(Person).where(col(Person.id).in_([one.person_id for one in ties])))
    addresses = {one.person_id: one.address for one in ties}
    for person in people:
        address = addresses[person.id or 0]
        if person.external_email == address:
            continue
        facts = person_facts.derived(person.model_dump() | {"external_email": address}, default_region=region)
        rows.append({"the_id": person.id, "address": address, "text": facts["search_text"]})
        if person.external_email and person.id in accounts:
            left.append((accounts[person.id].id or 0, person.external_email))
    if rows:
        new: dict[str, Any] = {"external_email": sa.bindparam("address"), "search_text": sa.bindparam("text")}
        changed = sa.update(Person).where(col(Person.id) == sa.bindparam("the_id"))
        db.connection().execute(changed.values(new | {"updated_at": clock.now()}), rows)
    address_changes.close(db, left)


def _write_accounts(db: Session, ties: Sequence[Tie], accounts: dict[int, Account], tenant_id: str) -> None:
    with_account = [(one, accounts[one.person_id]) for one in ties if one.person_id in accounts]
    both = [(one, account, account.sign_in_method == SignInMethod.MICROSOFT) for one, account in with_account]
    own: dict[str, Any] = {"tenant_id": tenant_id, "object_id": sa.bindparam("object")}
    named: dict[str, Any] = {
        "username": sa.bindparam("name"),
        "username_key": sa.bindparam("key"),
        "pending_provider_at": None,
    }
    for microsoft, values in ((False, own), (True, own | named)):
        rows = [_row(one, account, microsoft) for one, account, there in both if there is microsoft]
        if rows:
            _update(db, sa.update(Account).where(col(Account.id) == sa.bindparam("the_id")).values(values), rows)
    db.expire_all()


def _row(one: Tie, account: Account, microsoft: bool) -> dict[str, Any]:
    row = {"the_id": account.id, "object": one.object_id}
    return row | {"name": one.address, "key": usernames.key(one.address)} if microsoft else row


def _update(db: Session, statement: sa.Update, rows: list[dict[str, Any]]) -> None:
    try:
        db.connection().execute(statement, rows)
    except sa.exc.IntegrityError:  # its text would quote usernames (R97)
        raise Conflict("Somebody else took the same at this moment, so nothing was done. Try again.") from None
