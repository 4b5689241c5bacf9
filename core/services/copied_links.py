"""A link that staff copy and hand over themselves, by a channel of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict
from core.models import Account, Channel, Invitation, Person, Purpose
from core.permissions import Actor, Permission
from core.services import audit, invitations
from core.tables import handing_over, school, scope


@dataclass(frozen=True)
class CopiedLink:
    """Shown once. `replaced` is how many older links died of it."""

    username: str
    expires_at: datetime
    replaced: int
    address: str = field(repr=False)


def issue(db: Session, actor: Actor, *, account_id: int) -> CopiedLink:
    """Make a new link of one account for whoever asked; the older ones end now."""
    actor.require(Permission.REVEAL_CREDENTIALS)
    actor.require_fresh()
    taken = _take(db, actor, account_id)
    account = handing_over.one(db, actor, account_id=account_id)
    if not taken:
        raise Conflict("This account is deactivated, so a link would open nothing. Activate it first.")
    settings = school.settings(db)
    replaced = _live_links(db, account_id)
    made = invitations.issue_link(
        db,
        account_id=account_id,
        channel=Channel.COPIED,
        address="",
        days=settings.link_days,
        issued_by=actor.account_id,
    )
    mine = sa.update(Account).where(col(Account.id) == account_id)
    db.execute(mine.values(invitation_ends_at=made.expires_at).execution_options(synchronize_session=False))
    audit.record(
        db, actor, action="link.copied", object_kind="account", object_id=account_id, details={"replaced": replaced}
    )
    return CopiedLink(account.username, made.expires_at, replaced, f"{school.place(settings).base_url}/i/{made.token}")


def _take(db: Session, actor: Actor, account_id: int) -> bool:
    """Note the invitation and hold the account, before anything about it is judged.

    Two at once would leave two live links; whoever deactivates it or gives it a role now waits, or is waited for.
    """
    seen = sa.select(col(Person.id)).where(scope.people(actor))
    mine = (col(Account.id) == account_id, col(Account.deactivated_at).is_(None), col(Account.person_id).in_(seen))
    invited = sa.update(Account).where(*mine)
    noted = invited.values(invited_at=clock.now(), times_invited=col(Account.times_invited) + 1)
    taken = db.execute(noted.execution_options(synchronize_session=False))
    return int(getattr(taken, "rowcount", 0)) == 1


def _live_links(db: Session, account_id: int) -> int:
    mine = sa.select(sa.func.count(col(Invitation.id))).where(
        col(Invitation.account_id) == account_id, col(Invitation.purpose) == Purpose.LINK, handing_over.live()
    )
    return db.scalar(mine) or 0
