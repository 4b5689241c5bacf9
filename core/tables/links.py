"""Whose a link is: found by the hash of its token, which is all that is stored of it."""

from __future__ import annotations

from sqlmodel import Session, col, select

from core.models import Account, Invitation, Person, Purpose
from core.rules import initial_credentials


def find(db: Session, *, token: str, purposes: tuple[Purpose, ...]) -> tuple[Invitation, Account, Person] | None:
    """The invitation of one of these purposes with its account and owner, live or not."""
    if not initial_credentials.looks_like_link(token):
        return None
    query = select(Invitation, Account, Person).where(
        Invitation.token_hash == initial_credentials.token_hash(token),
        col(Invitation.purpose).in_(purposes),
        col(Account.id) == col(Invitation.account_id),
        col(Person.id) == col(Account.person_id),
    )
    return db.exec(query).first()
