"""Whose account a person of Microsoft opens: the one that is tied to them, or the one of their open invitation.

An account is tied to the tenant's and the person's own ids, never to an e-mail address, which may pass to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.models import Account, Channel, Invitation, Purpose, SignInMethod, Superseded
from core.permissions import Actor
from core.rules import usernames
from core.rules.microsoft_identity import Hindrance, Identity
from core.services import audit, invitations
from core.tables import handing_over, links


@dataclass(frozen=True)
class Arrival:
    """Whose account it is, or why it is nobody's; `expected` is the username that the invitation was for."""

    account: Account | None = None
    hindrance: Hindrance | None = None
    expected: str = ""


def arrive(db: Session, visitor: Actor, *, identity: Identity, token: str = "") -> Arrival:
    """The account of somebody whom Microsoft has vouched for. `token` is the link of the invitation they came by.

    The caller's transaction must be stored in any case: what was refused is written down.
    """
    invited = links.find(db, token=token, purposes=(Purpose.LINK,))
    account = _tied_to(db, identity)
    if invited is not None and (account is None or account.id != invited[1].id):
        return _by_invitation(db, visitor, identity, invited[0], invited[1], is_free=account is None)
    if account is None:
        return _refused(db, visitor, None, Hindrance.UNKNOWN_PERSON)
    if account.deactivated_at is not None:
        return _refused(db, visitor, account, Hindrance.DEACTIVATED)
    if account.sign_in_method != SignInMethod.MICROSOFT:
        return _refused(db, visitor, account, Hindrance.UNKNOWN_PERSON)
    account.verified_at = account.verified_at or clock.now()  # a directory match tied it before they came
    db.add(account)
    if invited is not None and _use_up(db, invited[0], at=clock.now()):
        _follow(db, visitor, invited[0], account)
    return Arrival(account)


def _by_invitation(
    db: Session, visitor: Actor, identity: Identity, invitation: Invitation, account: Account, *, is_free: bool
) -> Arrival:
    """Tie the invited account to this person and use the link up, once; refuses everybody else's."""
    db.refresh(account, with_for_update=True)  # always the account first: whoever issues takes it first as well
    fits = usernames.key(identity.username) == account.username_key
    if not is_free or not fits or account.object_id is not None:
        return _refused(db, visitor, account, Hindrance.ANOTHER_PERSON)
    if account.deactivated_at is not None:
        return _refused(db, visitor, account, Hindrance.DEACTIVATED)
    now = clock.now()
    if account.sign_in_method != SignInMethod.MICROSOFT or not _use_up(db, invitation, at=now):
        return _refused(db, visitor, account, Hindrance.EXPIRED)
    account.tenant_id, account.object_id = identity.tenant_id, identity.object_id
    account.verified_at, account.pending_provider_at = account.verified_at or now, None
    _follow(db, visitor, invitation, account)
    audit.record(db, visitor, action="microsoft.tied", object_kind="account", object_id=account.id)
    return Arrival(account)


def _follow(db: Session, visitor: Actor, invitation: Invitation, account: Account) -> None:
    """What follows from a link that is used: its address is the person's own, and every other one ends."""
    if invitation.channel == Channel.EMAIL:
        account.verified_address = invitation.address
    db.add(account)
    db.flush()
    invitations.supersede(db, account_id=invitation.account_id, because=Superseded.PASSWORD_CHOSEN)
    audit.record(db, visitor, action="invitation.used", object_kind="account", object_id=account.id)


def _use_up(db: Session, invitation: Invitation, *, at: datetime) -> bool:
    """Whether the link was live, and is used now (R13)."""
    use = sa.update(Invitation).where(col(Invitation.id) == invitation.id, handing_over.live()).values(used_at=at)
    return bool(db.execute(use).rowcount == 1)  # type: ignore[attr-defined]


def _tied_to(db: Session, identity: Identity) -> Account | None:
    query = select(Account).where(Account.tenant_id == identity.tenant_id, Account.object_id == identity.object_id)
    return db.exec(query.with_for_update(), execution_options={"populate_existing": True}).first()


def _refused(db: Session, visitor: Actor, account: Account | None, why: Hindrance) -> Arrival:
    kept = {"microsoft": why.value}
    whose = account.id if account else None
    action, kind = "sign_in.refused", "account"
    audit.record(db, visitor, action=action, object_kind=kind, object_id=whose, result="refused", details=kept)
    expected = account.username if account and why is Hindrance.ANOTHER_PERSON else ""
    return Arrival(None, why, expected)
