"""What happened to a person and their account, newest first: from dated facts, messages, invitations and the audit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import (
    Account,
    AccountChange,
    AccountChangeItem,
    AuditEntry,
    Campaign,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    Person,
    Purpose,
    SignInMethod,
)
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_acts import Edit
from core.tables import scope, undoable
from core.tables.frames import masked

AT_ONCE = 20
_KEPT = 200  # of each source: nobody reads further back on a card


@dataclass(frozen=True)
class Event:
    """One line. `by` is empty where nobody but the person did it; `undo` names the change that the reader may undo."""

    at: datetime
    what: str
    by: str = ""
    undo: int | None = None


def read(db: Session, actor: Actor, *, person_id: int) -> list[Event]:
    """Everything about one person within the actor's scope (R60); no secrets, addresses as the role may see them.

    Of the account only for whoever may see accounts.
    """
    actor.require(Permission.SEE_STUDENTS)
    query = sa.select(Person, Account).outerjoin(Account, col(Account.person_id) == col(Person.id))
    row = db.execute(query.where(col(Person.id) == person_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such person in your classes. Go back to the list.")
    person, account = row
    events = [Event(person.created_at, "Registered"), *_audited(db, "person", person_id)]
    if account is not None and actor.may(Permission.SEE_ACCOUNTS):
        show = str if actor.may(Permission.SEE_CONTACTS) else masked
        events += [_creation(db, actor, account), *_facts(account)]
        events += [*_messages(db, account.id, show), *_invitations(db, account.id), *_changes(db, actor, account.id)]
        events += _audited(db, "account", account.id)
    return sorted(events, key=lambda event: event.at, reverse=True)


def _creation(db: Session, actor: Actor, account: Account) -> Event:
    """By whom, where somebody who had signed in made it."""
    query = sa.select(AccountChange, *name_of(col(AccountChange.made_by)))
    query = query.join(AccountChangeItem, col(AccountChangeItem.change_id) == col(AccountChange.id))
    mine = query.where(col(AccountChangeItem.account_id) == account.id, col(AccountChange.act) == Edit.CREATED.value)
    row = db.execute(mine).first()
    if row is None:
        return Event(account.created_at, words.ACCOUNT_EDIT[Edit.CREATED])
    change, first, last = row
    undo = change.id if undoable.may_undo(actor, change) else None
    return Event(account.created_at, words.ACCOUNT_EDIT[Edit.CREATED], f"{first} {last}" if first else "", undo)


def _facts(account: Account) -> Iterator[Event]:
    microsoft = account.sign_in_method == SignInMethod.MICROSOFT
    facts = (
        (account.verified_at, f"Verified: {'signed in with Microsoft' if microsoft else 'chose a password'}"),
        (account.first_sign_in_at, "Signed in for the first time"),
        (account.suspended_at, "Locked after many wrong passwords"),
        (account.pending_provider_at, "Waits for Microsoft 365"),
    )
    yield from (Event(at, what) for at, what in facts if at is not None)
    if account.last_sign_in_at and account.last_sign_in_at != account.first_sign_in_at:
        yield Event(account.last_sign_in_at, f"Signed in, {account.sign_ins:,} times in all")


def _messages(db: Session, account_id: int, show: Any) -> Iterator[Event]:
    query = sa.select(Message, Campaign, *name_of(col(Campaign.launched_by)))
    query = query.join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    query = query.join(Campaign, col(Campaign.id) == col(Message.campaign_id))
    mine = query.where(col(MessageAccount.account_id) == account_id).order_by(col(Message.id).desc()).limit(_KEPT)
    for message, campaign, first, last in db.execute(mine):
        what = words.CAMPAIGN_KIND.get(campaign.kind, campaign.kind)
        outcome = words.MESSAGE_STATUS.get(message.status, message.status)
        why = f", {words.FAILURE_REASON[message.reason]}" if message.reason in words.FAILURE_REASON else ""
        ended_at = message.finished_at if message.status != MessageStatus.SENDING else None
        at = ended_at or message.claimed_at or campaign.launched_at
        by = f"{first} {last}" if first else campaign.launched_by_label
        yield Event(at, f"{what} to {show(message.address)}: {outcome.lower()}{why}", by)


def _invitations(db: Session, account_id: int) -> Iterator[Event]:
    query = sa.select(Invitation, *name_of(col(Invitation.issued_by)))
    mine = query.where(col(Invitation.account_id) == account_id).order_by(col(Invitation.id).desc()).limit(_KEPT)
    now = clock.now()
    for invitation, first, last in db.execute(mine):
        thing = words.ISSUED[Purpose(invitation.purpose)]
        channel = words.CHANNEL.get(invitation.channel, invitation.channel).lower()
        yield Event(invitation.issued_at, f"{thing} issued, {channel}", f"{first} {last}" if first else "")
        if invitation.used_at:
            yield Event(invitation.used_at, f"{thing} used")
        elif invitation.superseded_at:
            because = words.SUPERSEDED.get(invitation.superseded_because or "", "")
            yield Event(invitation.superseded_at, f"{thing} ended{because and f': {because}'}")
        elif invitation.expires_at <= now:
            yield Event(invitation.expires_at, f"{thing} ended: its time was over")


def _changes(db: Session, actor: Actor, account_id: int) -> Iterator[Event]:
    query = sa.select(AccountChange, *name_of(col(AccountChange.made_by)))
    query = query.join(AccountChangeItem, col(AccountChangeItem.change_id) == col(AccountChange.id))
    mine = query.where(col(AccountChangeItem.account_id) == account_id, col(AccountChange.act) != Edit.CREATED.value)
    for change, first, last in db.execute(mine.order_by(col(AccountChange.id).desc()).limit(_KEPT)):
        undo = change.id if undoable.may_undo(actor, change) else None
        undone = " (undone)" if change.undone_at else ""
        yield Event(
            change.made_at, f"{words.account_change(change.act)}{undone}", f"{first} {last}" if first else "", undo
        )


def _audited(db: Session, kind: str, object_id: int) -> Iterator[Event]:
    """What only the audit knows. Fields are named, never what stood in them."""
    query = sa.select(AuditEntry, *name_of(col(AuditEntry.account_id)))
    mine = query.where(col(AuditEntry.object_kind) == kind, col(AuditEntry.object_id) == object_id)
    told = mine.where(col(AuditEntry.action).in_(sorted(words.AUDITED)))
    for entry, first, last in db.execute(told.order_by(col(AuditEntry.seq).desc()).limit(_KEPT)):
        fields = ", ".join(str(name).replace("_", " ") for name in _fields(entry))
        what = words.AUDITED[entry.action]
        by = f"{first} {last}" if first else entry.actor
        yield Event(entry.at, f"{what}: {fields}" if fields else what, by)


def _fields(entry: AuditEntry) -> list[object]:
    named = entry.details.get("fields", [])
    return list(named) if isinstance(named, list) else []


def name_of(account_id: Any) -> tuple[Any, Any]:
    """First and last name of the owner of an account."""
    owner, person = sa.orm.aliased(Account), sa.orm.aliased(Person)
    names = (
        sa.select(column).join(owner, col(owner.person_id) == col(person.id)).where(col(owner.id) == account_id)
        for column in (col(person.first_name), col(person.last_name))
    )
    first, last = (name.scalar_subquery() for name in names)
    return first, last
