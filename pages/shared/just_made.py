"""Accounts that were just made: who of them was invited at once, because the school wants that."""

from __future__ import annotations

from core import database
from core.delivery import engine
from core.permissions import Actor
from core.services import accounts, auto_invitations
from core.services.accounts import Created, Whom
from core.services.auto_invitations import Automatic
from pages.shared import feedback


def create(actor: Actor, *, seen: str, whom: Whom) -> tuple[Created, Automatic]:
    """Make the accounts and, in the same transaction, the invitations that follow from the settings."""
    with feedback.refusals_shown(), database.transaction() as db:
        made = accounts.create(db, actor, seen=seen, **whom)
        invited = auto_invitations.send(db, actor, change_id=made.change_id)
    if invited.campaign_id is not None:
        engine.start(invited.campaign_id)
    return made, invited


def words(invited: Automatic, *, otherwise: str) -> str:
    """What happens next."""
    if invited.invited:
        return f"Invited at once, as the settings say: {invited.invited:,}."
    if invited.too_many:
        return f"Not invited by itself, because that would be so many at once: {invited.too_many:,}. Next: {otherwise}."
    return f"Next: {otherwise}."
