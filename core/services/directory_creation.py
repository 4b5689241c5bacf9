"""Creating users in Microsoft 365 for those whom nobody there may be: a dry run first, then exactly that."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database, keys
from core.errors import Conflict, InputProblem, NotFound
from core.models import (
    Account,
    ChangeStatus,
    DirectoryChange,
    DirectoryRun,
    DirectoryRunKind,
    DirectoryRunStatus,
    DirectoryUser,
    Person,
    SignInMethod,
)
from core.permissions import Actor, Permission
from core.rules import initial_credentials, microsoft_accounts, username_pattern, usernames
from core.rules.microsoft_accounts import Plan
from core.services import audit, directory_attempts
from core.tables import directory_people, directory_runs, periods, school

_WAITING = (ChangeStatus.QUEUED, ChangeStatus.SENDING)


def preview(db: Session, actor: Actor) -> Plan:
    """Whom `launch` would create at this moment, and under which addresses; changes nothing."""
    actor.require(Permission.MANAGE_DIRECTORY)
    own = school.settings(db)
    if own.is_demo:
        raise Conflict("This is the demo school: its people are nobody, and are not created in Microsoft 365.")
    if not own.microsoft_domain:
        raise Conflict("Say first under which domain people are created: Settings, Microsoft 365.")
    if directory_runs.fresh_look_up(db) is None:
        raise Conflict("The last look-up is older than a day. Look up again, so that nobody is created twice.")
    if directory_runs.is_left_open(db):
        raise Conflict("The last time was not finished. Go on with it first, or stop it: it is shown on the page.")
    pattern = username_pattern.read(own.username_pattern, year=periods.year(db))
    there = {usernames.key(address) for address in db.scalars(sa.select(col(DirectoryUser.address)))}
    taken = dict.fromkeys(there | _names_here(db), 1)
    return microsoft_accounts.plan(
        directory_people.to_create(db), domain=own.microsoft_domain, pattern=pattern, there=there, taken=taken
    )


def launch(db: Session, actor: Actor, *, seen: str, typed_count: int | None = None) -> int:
    """Queue just what was seen; gives the id of the run. The engine does it after the commit.

    Refuses with Conflict when it would be other people or other addresses by now.
    """
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    own = school.settings(db)
    group, country = own.microsoft_licence_group, own.default_region
    run = directory_attempts.ask(db, actor, kind=DirectoryRunKind.CREATE, group_id=group, country=country)
    plan = preview(db, actor)
    if plan.seen != seen:
        raise Conflict(
            f"The list has changed: now {len(plan.new):,} would be created. Look at it again, then create them."
        )
    if not plan.new:
        raise Conflict("Nobody can be created. The window says why.")
    if len(plan.new) > own.typed_count_above and typed_count != len(plan.new):
        raise InputProblem(f"So many at once? Type {len(plan.new)} to go on.", field="typed_count")
    _queue(db, run, plan)
    _set_pending(db, [new.person_id for new in plan.new])
    audit.record(
        db,
        actor,
        action="directory.creation_launched",
        object_kind="directory_run",
        object_id=run.id,
        details={"count": len(plan.new), "skipped": len(plan.skipped)},
        people=[new.person_id for new in plan.new],
    )
    return run.id or 0


def stop(db: Session, actor: Actor, *, run_id: int) -> int:
    """Create nobody more; gives how many were not begun. Whoever is being created at this moment still is."""
    actor.require(Permission.MANAGE_DIRECTORY)
    run = _run(db, run_id, (*directory_runs.UNDER_WAY, DirectoryRunStatus.FAILED))
    run.status, run.finished_at = DirectoryRunStatus.STOPPED, clock.now()
    db.add(run)
    waits = sa.and_(col(DirectoryChange.run_id) == run_id, col(DirectoryChange.status) == ChangeStatus.QUEUED)
    people = list(db.scalars(sa.select(col(DirectoryChange.person_id)).where(waits)))
    db.execute(sa.update(DirectoryChange).where(waits).values(status=ChangeStatus.STOPPED, finished_at=clock.now()))
    for part in database.slices(people):
        theirs = sa.update(Account).where(col(Account.person_id).in_(part))
        db.execute(theirs.values(pending_provider_at=None))
    _note(db, actor, "directory.creation_stopped", run_id, done=len(people))
    return len(people)


def resume(db: Session, actor: Actor, *, run_id: int) -> None:
    """Go on with a run that was refused, once the reason is repaired; what is done stays done.

    Of one that was stopped only those go on who had been begun.
    """
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    directory_attempts.alone(db)
    begun = directory_runs.OPEN & directory_runs.counts(db, run_id=run_id).keys()
    run = _run(db, run_id, (DirectoryRunStatus.FAILED, *((DirectoryRunStatus.STOPPED,) if begun else ())))
    own = school.settings(db)
    run.group_id, run.country = own.microsoft_licence_group, own.default_region
    run.token, run.attempt = initial_credentials.new_uid(), 0
    run.status, run.refusal, run.finished_at = DirectoryRunStatus.WAITING, "", None
    db.add(run)
    _note(db, actor, "directory.creation_resumed", run_id)


def _names_here(db: Session) -> set[str]:
    """Usernames and Microsoft addresses of people, and addresses that are being created."""
    accounts = db.scalars(sa.select(col(Account.username_key)))
    people = db.scalars(sa.select(col(Person.external_email)).where(col(Person.external_email) != ""))
    planned = db.scalars(sa.select(col(DirectoryChange.address)).where(col(DirectoryChange.status).in_(_WAITING)))
    return {*accounts, *(usernames.key(address) for address in (*people, *planned))}


def _queue(db: Session, run: DirectoryRun, plan: Plan) -> None:
    kid = keys.current().kid
    for part in database.slices(plan.new):
        rows: list[dict[str, Any]] = [
            {
                "run_id": run.id,
                "person_id": new.person_id,
                "address": new.address,
                "given_name": new.given_name,
                "surname": new.surname,
                "employee_id": new.employee_id,
                "uid": initial_credentials.new_uid(),
                "kid": kid,
                "created_at": run.asked_at,
            }
            for new in part
        ]
        db.execute(sa.insert(DirectoryChange), rows)


def _set_pending(db: Session, person_ids: list[int]) -> None:
    """Whoever signs in with Microsoft waits for it; an account with a password here goes on as it is."""
    microsoft = col(Account.sign_in_method) == SignInMethod.MICROSOFT
    for part in database.slices(person_ids):
        theirs = sa.update(Account).where(col(Account.person_id).in_(part), microsoft)
        db.execute(theirs.values(pending_provider_at=clock.now()))


def _run(db: Session, run_id: int, statuses: tuple[DirectoryRunStatus, ...]) -> DirectoryRun:
    run = db.get(DirectoryRun, run_id, with_for_update=True)
    if run is None or run.kind == DirectoryRunKind.LOOK_UP or run.status not in statuses:
        raise NotFound("This is over already. Look at the page again.")
    return run


def _note(db: Session, actor: Actor, action: str, run_id: int, **details: int) -> None:
    audit.record(db, actor, action=action, object_kind="directory_run", object_id=run_id, details=details)
