"""Initial passwords that staff hand over: issued as rows of Invitation, derived when they are shown (DESIGN §4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database, keys
from core.errors import Conflict, InputProblem
from core.models import Account, Channel, DirectoryChange, Invitation, Purpose, Superseded, metadata
from core.permissions import Actor, Permission, Role
from core.rules import initial_credentials
from core.rules.handing_over import Check, NoPassword
from core.services import audit, printed_accounts
from core.services.printed_accounts import Printed
from core.tables import handing_over, microsoft_passwords, people, school, selection_rows

_POSTGRES_LOCK = 0x46495253544B4950  # one issue at a time: two would leave two live passwords of one account
_QUIET = {"synchronize_session": False}
_invitation = metadata.tables["invitation"]


@dataclass(frozen=True)
class Revealed:
    """A live initial password. It exists only here and on the screen. Microsoft's own have no end known here."""

    username: str
    expires_at: datetime | None
    password: str = field(repr=False)


def check(
    db: Session,
    actor: Actor,
    *,
    selection_id: int | None = None,
    account_id: int | None = None,
    printed: Printed | None = None,
) -> Check:
    """What `issue` would do at this moment; changes nothing.

    `printed`: those of the report who have no live one; whoever has one keeps it.
    """
    actor.require(Permission.REVEAL_CREDENTIALS)
    found = handing_over.check(db, actor, account_ids=_wanted(db, actor, selection_id, account_id, printed))
    if selection_id is None:
        return found
    people = selection_rows.size(db, actor, selection_id=selection_id)
    without = people - found.receive - sum(found.left_out.values())
    if without <= 0:
        return found
    reason = NoPassword.NO_ACCOUNT
    named = selection_rows.named_without_account(db, actor, selection_id=selection_id, reason=reason)
    return replace(found, left_out=found.left_out | {reason: without}, names={**found.names, **named})


def issue(
    db: Session,
    actor: Actor,
    *,
    expected: int,
    selection_id: int | None = None,
    account_id: int | None = None,
    printed: Printed | None = None,
    typed_count: int | None = None,
) -> Check:
    """Give each account that may have one a new initial password; the older ones end now.

    Refuses with Conflict when the number of people is not the one the person saw. A lock after wrong tries ends too:
    what it protected is gone.
    """
    actor.require(Permission.REVEAL_CREDENTIALS)
    actor.require_fresh()
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    wanted = _wanted(db, actor, selection_id, account_id, printed)
    found = handing_over.check(db, actor, account_ids=wanted)
    _refuse_unlike(found, expected, typed_count)
    own = school.settings(db)
    ids = _hand_over(db, own.slip_days, handing_over.getting_one(actor, school.policy(own), wanted))
    _refuse_new_staff(db, actor, ids)
    _supersede(db, ids)
    _insert(db, actor, own.slip_days, ids)
    details = {"issued": len(ids), "replaced": found.replaced, "left_out": sum(found.left_out.values())}
    of_rows = printed.selection_id if printed else selection_id
    kind, object_id = ("account", account_id) if account_id is not None else ("selection", of_rows)
    audit.record(
        db,
        actor,
        action="initial_passwords.issued",
        object_kind=kind,
        object_id=object_id,
        details=dict(details),
        people=people.of_accounts(db, ids),
    )
    return found


def reveal(db: Session, actor: Actor, *, account_id: int) -> Revealed | None:
    """Show the live initial password of one account; resets nothing, and the audit says who looked.

    None when there is none: used, ended, replaced, never issued, or made under a key that is gone.
    """
    actor.require(Permission.REVEAL_CREDENTIALS)
    actor.require_fresh()
    school.require_first_password_shown(db, actor)
    account = handing_over.one(db, actor, account_id=account_id)
    if new := microsoft_passwords.one(db, account_id=account_id):
        return _of_microsoft(db, actor, account, new)
    row = handing_over.live_one(db, account_id=account_id, purpose=Purpose.PASSWORD)
    key = keys.known().get(row.kid) if row else None
    if row is None or key is None:
        return None
    audit.record(db, actor, action="initial_password.revealed", object_kind="account", object_id=account_id)
    return Revealed(account.username, row.expires_at, initial_credentials.initial_password(key.secret, row.uid))


def _of_microsoft(db: Session, actor: Actor, account: Account, new: DirectoryChange) -> Revealed | None:
    """That of a user who was created in Microsoft 365 from here."""
    key = keys.known().get(new.kid)
    if key is None:
        return None
    audit.record(db, actor, action="initial_password.revealed", object_kind="account", object_id=account.id)
    return Revealed(account.username, None, initial_credentials.microsoft_password(key.secret, new.uid))


def _wanted(
    db: Session, actor: Actor, selection_id: int | None, account_id: int | None, printed: Printed | None
) -> sa.Select[Any]:
    if printed is not None:
        chosen = printed_accounts.accounts(db, actor, printed)
        return chosen.where(chosen.selected_columns[0].not_in(handing_over.with_password()))
    if selection_id is not None:
        return selection_rows.account_ids(db, actor, selection_id=selection_id)
    if account_id is None:
        raise InputProblem("Nobody is chosen. Tick some rows first.")
    handing_over.one(db, actor, account_id=account_id)
    return handing_over.ids_of(actor, account_id)


def _refuse_unlike(found: Check, expected: int, typed_count: int | None) -> None:
    if found.receive != expected:
        raise Conflict(
            f"The list has changed: now {found.receive:,} people would get a new initial password, not {expected:,}. "
            "Look at it again, then issue them."
        )
    if not found.receive:
        raise InputProblem("Nobody here can get an initial password. Choose other people, then try again.")
    if found.typed_count_wanted and typed_count != found.receive:
        raise InputProblem(f"These are many. Type {found.receive} to issue them all.", field="typed_count")


def _hand_over(db: Session, days: int, account_ids: sa.Select[Any]) -> list[int]:
    """Note the invitation with each account and take hold of it, so that nobody chooses a password meanwhile."""
    now = clock.now()
    taken = (
        sa.update(Account)
        .where(
            col(Account.id).in_(account_ids), col(Account.password_hash) == "", col(Account.deactivated_at).is_(None)
        )
        .values(
            invited_at=now,
            invitation_ends_at=now + timedelta(days=days),
            times_invited=col(Account.times_invited) + 1,
            failed_sign_ins=0,
            next_try_at=None,
            suspended_at=None,
        )
        .returning(col(Account.id))
    )
    return sorted(db.scalars(taken.execution_options(**_QUIET)))


def _refuse_new_staff(db: Session, actor: Actor, ids: list[int]) -> None:
    """They are held now; somebody may have been given a role while we waited for that."""
    if Role.ADMINISTRATOR in actor.roles:
        return
    if any(handing_over.held_by_staff(db, part) for part in database.slices(ids)):
        raise Conflict("One of these people has just become a member of staff, so nothing was issued. Look again.")


def _supersede(db: Session, ids: list[int]) -> None:
    for part in database.slices(ids):
        older = sa.update(Invitation).where(
            col(Invitation.account_id).in_(part),
            col(Invitation.purpose) == Purpose.PASSWORD,
            col(Invitation.used_at).is_(None),
            col(Invitation.superseded_at).is_(None),
        )
        ended = older.values(superseded_at=clock.now(), superseded_because=Superseded.REPLACED.value)
        db.execute(ended.execution_options(**_QUIET))


def _insert(db: Session, actor: Actor, days: int, ids: list[int]) -> None:
    key, now = keys.current(), clock.now()
    same = {
        "purpose": Purpose.PASSWORD.value,
        "kid": key.kid,
        "channel": Channel.PAPER.value,
        "address": "",
        "issued_at": now,
        "issued_by": actor.account_id,
        "expires_at": now + timedelta(days=days),
    }
    for part in database.slices(ids):
        rows = []
        for account_id in part:
            uid = initial_credentials.new_uid()
            hashed = initial_credentials.token_hash(initial_credentials.initial_password(key.secret, uid))
            rows.append({"account_id": account_id, "uid": uid, "token_hash": hashed, **same})
        db.connection().execute(sa.insert(_invitation), rows)
