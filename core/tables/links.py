"""Whose a link is: found by the hash of its token, which is all that is stored of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.database import KEPT
from core.models import Account, Invitation, Person, Purpose
from core.rules import initial_credentials

_OF_INVITATION = ("purpose", "used_at", "superseded_at", "superseded_because", "expires_at")
_OF_ACCOUNT = ("username", "user_type", "sign_in_method", "deactivated_at")
_OF_PERSON = ("first_name", "middle_name", "last_name", "language")
_NAMED = (
    col(Invitation.token_hash) == sa.bindparam("token_hash"),
    col(Invitation.purpose).in_(sa.bindparam("purposes", expanding=True)),
    col(Account.id) == col(Invitation.account_id),
    col(Person.id) == col(Account.person_id),
)

# Made once: everybody who opens a link asks it, and to make it anew took longer than to run it.
_FIND = sa.select(Invitation, Account, Person).where(*_NAMED).execution_options(**KEPT)

# Of columns: whole rows took three times as long, and everybody who comes by a link asks it twice.
_LOOK = (
    sa.select(col(Invitation.id).label("invitation_id"))
    .add_columns(*(col(getattr(Invitation, name)) for name in _OF_INVITATION))
    .add_columns(*(col(getattr(Account, name)) for name in _OF_ACCOUNT))
    .add_columns(*(col(getattr(Person, name)) for name in _OF_PERSON))
    .where(*_NAMED)
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
    found = _found(db, _HELD if held else _FIND, token, purposes)
    return tuple(found) if found else None


def look(db: Session, *, token: str, purposes: tuple[Purpose, ...]) -> Any:
    """What a page says of the link, its account and its owner, live or not; None when it is nobody's."""
    return _found(db, _LOOK, token, purposes)


def _found(db: Session, question: Any, token: str, purposes: tuple[Purpose, ...]) -> Any:
    if not initial_credentials.looks_like_link(token):
        return None
    return db.execute(question, {"token_hash": initial_credentials.token_hash(token), "purposes": purposes}).first()
