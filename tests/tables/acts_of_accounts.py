"""What staff do to accounts, and what Microsoft 365 does: the same kind of acts as in `acts`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa
from sqlmodel import col

from core import clock, database
from core.models import (
    Account,
    AccountChange,
    DirectoryRun,
    DirectoryRunKind,
    DirectoryRunStatus,
    Person,
    SignInMethod,
)
from core.permissions import Role, visitor
from core.rules.account_acts import Act, Edit, Gift
from core.rules.microsoft_identity import Identity
from core.services import (
    account_acts,
    account_changes,
    account_unlock,
    accounts,
    auto_invitations,
    copied_links,
    directory_attempts,
    directory_changes,
    directory_creation,
    initial_passwords,
    microsoft_sign_in,
)
from core.services.directory_changes import Outcome
from tests.tables.acts import Happening, Now

TENANT = "11111111-1111-4111-8111-111111111111"
GIFTS = {Act.GIVE_ROLE: Gift(Role.COORDINATOR, everybody=True)}
NEVER_UNDONE = (Edit.UNDO, Edit.SLIP_PRINTED)


def _act(act: Act, now: Now) -> None:
    ids, gift = [now.account()], GIFTS.get(act)
    with database.transaction() as db:
        seen = account_acts.check(db, now.cast.ada.actor, act=act, account_ids=ids, gift=gift).seen
        account_acts.carry_out(db, now.cast.ada.actor, act=act, account_ids=ids, gift=gift, seen=seen)


def _undone(now: Now) -> None:
    """The latest change, or one before."""
    change = AccountChange
    open_ones = now.one(-col(change.id), col(change.undone_at).is_(None), col(change.act).not_in(NEVER_UNDONE))
    with database.transaction() as db:
        account_changes.undo(db, now.cast.ada.actor, change_id=-open_ones)


def _unlocked(now: Now) -> None:
    locked = now.one(col(Account.id), col(Account.suspended_at).is_not(None))
    with database.transaction() as db:
        account_unlock.unlock(db, now.cast.ada.actor, account_id=locked)


def _created(now: Now) -> None:
    """Accounts for all students and guardians who have none, invited by themselves where the school wants that."""
    with database.transaction() as db:
        without = list(db.scalars(sa.select(col(Person.id)).where(sa.not_(col(Person.has_account)))))
        seen = accounts.preview(db, now.cast.ada.actor, person_ids=without).seen
        made = accounts.create(db, now.cast.ada.actor, seen=seen, person_ids=without)
        auto_invitations.send(db, now.cast.ada.actor, change_id=made.change_id)


def _slip_printed(now: Now) -> None:
    account_id = now.account()
    with database.transaction() as db:
        initial_passwords.issue(db, now.cast.ada.actor, expected=1, account_id=account_id)


def _link_copied(now: Now) -> None:
    account_id = now.account()
    with database.transaction() as db:
        copied_links.issue(db, now.cast.ada.actor, account_id=account_id)


def _waits_for_microsoft(now: Now) -> None:
    """Looked up a moment ago, and nobody is there."""
    done = {"finished_at": clock.now(), "status": DirectoryRunStatus.DONE, "kind": DirectoryRunKind.LOOK_UP}
    with database.transaction() as db:
        db.add(DirectoryRun(token=secrets.token_hex(16), asked_at=clock.now(), **done))
        db.flush()
        seen = directory_creation.preview(db, now.cast.ada.actor).seen
        directory_creation.launch(db, now.cast.ada.actor, seen=seen)


def _open_run(now: Now) -> int:
    waits = (DirectoryRunStatus.WAITING, DirectoryRunStatus.RUNNING)
    return now.one(col(DirectoryRun.id), col(DirectoryRun.status).in_(waits))


def _microsoft_makes_them(now: Now) -> None:
    run_id = _open_run(now)
    with database.transaction() as db:
        attempt = directory_attempts.begin(db, run_id=run_id)
        if attempt is None:
            return
        claims = directory_changes.claim(db, attempt)
        made = {claim.change_id: Outcome(f"made-{claim.new.person_id}", licensed=True) for claim in claims}
        directory_changes.mark(db, attempt, outcomes=made)
        directory_changes.finish(db, attempt)


def _microsoft_stopped(now: Now) -> None:
    run_id = _open_run(now)
    with database.transaction() as db:
        directory_creation.stop(db, now.cast.ada.actor, run_id=run_id)


def _came_by_microsoft(now: Now) -> None:
    tied = col(Account.object_id).is_not(None), col(Account.sign_in_method) == SignInMethod.MICROSOFT
    account_id = now.one(col(Account.id), *tied)
    with database.transaction() as db:
        account = db.get_one(Account, account_id)
        who = Identity(account.tenant_id or "", account.object_id or "", account.username, has_second_factor=True)
        microsoft_sign_in.arrive(db, visitor(), identity=who)


OF_ACCOUNTS: Mapping[str, Happening] = {
    **{act.value: partial(_act, act) for act in Act},
    "undone": _undone,
    "unlocked": _unlocked,
    "created": _created,
    "slip printed": _slip_printed,
    "link copied": _link_copied,
    "waits for Microsoft": _waits_for_microsoft,
    "made at Microsoft": _microsoft_makes_them,
    "stopped at Microsoft": _microsoft_stopped,
    "came by Microsoft": _came_by_microsoft,
}
