"""Accounts: making them for people who have none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.errors import Conflict, InputProblem, NotAllowed
from core.models import (
    Account,
    AccountChangeItem,
    AccountRole,
    Enrolment,
    EnrolmentKind,
    Person,
    SignInMethod,
    UserType,
)
from core.permissions import Actor, Permission
from core.rules import new_accounts, username_pattern, usernames
from core.rules.account_acts import Edit
from core.rules.new_accounts import Candidate, NewAccount, Plan, Skipped
from core.rules.reachability import Policy
from core.services import account_effects, audit
from core.tables import directory_links, periods, reachability, school, scope, selection_rows

_POSTGRES_LOCK = 0x46495253544B4E41  # one maker of usernames at a time; SQLite has only one writer anyway


@dataclass(frozen=True)
class Created:
    """How many accounts were made, and who was skipped and why. `change_id` is what *Undo* takes."""

    done: int
    skipped: tuple[Skipped, ...]
    change_id: int


class Whom(TypedDict, total=False):
    """Those whom accounts are for: a selection, the guardians of its students, people, or a whole kind without any.

    `user_type`: what the staff among them are, where they are no colleagues (new_accounts.CHOSEN_TYPES).
    """

    selection_id: int
    guardians: bool
    person_ids: Sequence[int]
    kind: str
    user_type: str


def preview(db: Session, actor: Actor, **whom: Unpack[Whom]) -> Plan:
    """The usernames that `create` would give at this moment; changes nothing."""
    actor.require(Permission.CREATE_ACCOUNTS)
    people = _people(db, actor, whom)
    own = school.settings(db)
    pattern = username_pattern.read(own.username_pattern, suffix=own.username_suffix, year=periods.year(db))
    policy = school.policy(own)
    found = _candidates(db, people, policy, _chosen_type(whom))
    return new_accounts.plan(found, policy=policy, taken=_taken(db), pattern=pattern, roles=own.default_roles)


def create(db: Session, actor: Actor, *, seen: str, **whom: Unpack[Whom]) -> Created:
    """Make accounts with usernames and roles; nobody is told yet.

    Refuses with Conflict when it would be others than the person saw; `seen` is of the Plan that they were shown.
    """
    actor.require(Permission.CREATE_ACCOUNTS)
    if actor.account_id is None:
        raise NotAllowed("Accounts are made by somebody who has signed in, so that it can be undone.", by=actor)
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    plan = preview(db, actor, **whom)
    if plan.seen != seen:
        raise Conflict(
            f"The list has changed: now {len(plan.new):,} accounts would be made, or under other usernames. "
            "Look at it again, then create them."
        )
    if not plan.new:
        raise Conflict("Nobody here can get an account. The window says why: choose other people.")
    change_id = account_effects.begin(db, actor, act=Edit.CREATED, at=clock.now()).id or 0
    _insert(db, plan.new, change_id)
    details: dict[str, Any] = {"created": len(plan.new), "skipped": len(plan.skipped)}
    owners = [account.person_id for account in plan.new]
    audit.record(db, actor, action="accounts.created", object_kind="account", details=details, people=owners)
    return Created(len(plan.new), plan.skipped, change_id)


def _people(db: Session, actor: Actor, whom: Whom) -> sa.Select[Any]:
    seen = sa.select(col(Person.id)).where(scope.people(actor))
    if "selection_id" in whom:
        chosen = selection_rows.person_ids(db, actor, selection_id=whom["selection_id"])
        return seen.where(col(Person.id).in_(scope.guardians_of(chosen))) if whom.get("guardians") else chosen
    if kind := whom.get("kind"):
        return seen.where(col(Person.kind) == kind, sa.not_(col(Person.has_account)))
    if not whom.get("person_ids"):
        raise InputProblem("Nobody is chosen. Tick some rows first.")
    return seen.where(col(Person.id).in_(whom["person_ids"]))


def _chosen_type(whom: Whom) -> UserType | None:
    asked = whom.get("user_type", "")
    if asked and asked not in new_accounts.CHOSEN_TYPES:
        raise InputProblem("Choose a user type from the list.", field="user_type")
    return UserType(asked) if asked else None


def _candidates(
    db: Session, people: sa.Select[Any], policy: Policy, chosen_type: UserType | None
) -> Iterator[Candidate]:
    teaches = _teaches(db, people)
    query = sa.select(
        col(Person.id),
        col(Person.kind),
        col(Person.first_name),
        col(Person.last_name),
        col(Person.source_id),
        reachability.counts(policy),
        col(Account.id).is_not(None),
        col(Person.external_email),
    ).outerjoin(Account, col(Account.person_id) == col(Person.id))
    for row in db.execute(query.where(col(Person.id).in_(people)).order_by(col(Person.sort_name), col(Person.id))):
        values: list[Any] = [*row, tuple(teaches.get(row.id, ())), chosen_type]
        yield Candidate(*values)


def _teaches(db: Session, people: sa.Select[Any]) -> dict[int, list[int]]:
    query = sa.select(col(Enrolment.person_id), col(Enrolment.section_id)).where(
        col(Enrolment.kind) == EnrolmentKind.TEACHER, col(Enrolment.person_id).in_(people)
    )
    sections: dict[int, list[int]] = {}
    for person_id, section_id in db.execute(query.order_by(col(Enrolment.section_id))):
        sections.setdefault(person_id, []).append(section_id)
    return sections


def _taken(db: Session) -> dict[str, int]:
    return dict.fromkeys(db.scalars(sa.select(col(Account.username_key))), 1)


def _insert(db: Session, new: Sequence[NewAccount], change_id: int) -> None:
    now = clock.now()
    linked = directory_links.of_people(db, [one.person_id for one in new if one.sign_in_method != SignInMethod.LOCAL])
    for part in database.slices(new):
        rows = [
            {
                "person_id": account.person_id,
                "user_type": account.user_type,
                "username": account.username,
                "username_key": usernames.key(account.username),
                "sign_in_method": account.sign_in_method,
                "created_at": now,
                **dict(zip(("tenant_id", "object_id"), linked.get(account.person_id, (None, None)), strict=True)),
            }
            for account in part
        ]
        made = sa.insert(Account).returning(col(Account.person_id), col(Account.id))
        ids = {person_id: id_ for person_id, id_ in db.connection().execute(made, rows)}  # noqa: C416
        roles = [
            {
                "account_id": ids[account.person_id],
                "role": account.role,
                "everybody": False,
                "section_ids": list(account.section_ids),
            }
            for account in part
            if account.role
        ]
        if roles:
            db.execute(sa.insert(AccountRole), roles)
        same: dict[str, Any] = {"change_id": change_id, "before": {}}
        db.execute(sa.insert(AccountChangeItem), [same | {"account_id": account_id} for account_id in ids.values()])
