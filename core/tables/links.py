"""Whose a link is: found by the hash of its token, which is all that is stored of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.database import KEPT
from core.models import Account, Invitation, Person, Purpose
from core.rules import initial_credentials

# Made once: everybody who opens a link asks it, and to make it anew took longer than to run it.
_FIND = (
    sa.select(Invitation, Account, Person)
    .where(
        col(Invitation.token_hash) == sa.bindparam("token_hash"),
        col(Invitation.purpose).in_(sa.bindparam("purposes", expanding=True)),
        col(Account.id) == col(Invitation.account_id),
        col(Person.id) == col(Account.person_id),
    )
    .execution_options(**KEPT)
)


# The account as it is now, and held: of the invitation it says only which one, whoever uses it up asks again.
_HELD = _FIND.with_for_update(of=Account).execution_options(populate_existing=True)


def find(
    db: Session, *, token: str, purposes: tuple[Purpose, ...], held: bool = False
) -> tuple[Invitation, Account, Person] | None:
    """The invitation of one of these purposes with its account and owner, live or not; `held`: nobody else changes it.

    Always the account first: whoever issues a link takes it first as well.
    """
    if not initial_credentials.looks_like_link(token):
        return None
    asked = {"token_hash": initial_credentials.token_hash(token), "purposes": purposes}
    found: Any = db.execute(_HELD if held else _FIND, asked).first()
    return tuple(found) if found else None
