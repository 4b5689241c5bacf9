"""Acts on one or many accounts: first what would happen to whom, then exactly that, and so that it can be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import AcademicPeriod, Account, AccountChangeItem, Section
from core.permissions import Actor
from core.rules import account_acts
from core.rules.account_acts import Act, Gift, LeftOut
from core.services import account_effects, audit
from core.tables import account_acts as judging
from core.tables import people, school, selection_rows, some_names
from core.tables.some_names import Names


@dataclass(frozen=True)
class Foreseen:
    """What an act would do: to how many, who is left out and why. `seen` stands for exactly that.

    `names`: the first of each reason.
    """

    will: int
    left_out: dict[LeftOut, int]
    seen: str
    names: Names = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What an act did; `change_id` is what *Undo* takes.

    `notices` are campaigns that the caller starts after the commit.
    """

    change_id: int
    done: int
    left_out: dict[LeftOut, int]
    notices: tuple[int, ...] = ()


def check(
    db: Session,
    actor: Actor,
    *,
    act: Act,
    selection_id: int | None = None,
    account_ids: Sequence[int] = (),
    gift: Gift | None = None,
) -> Foreseen:
    """What would happen at this moment; changes nothing."""
    actor.require(account_acts.permission(act))
    _validate(db, act, gift)
    judged = _judged(db, actor, act, selection_id, account_ids, gift)
    foreseen = _foreseen(db, judged, act, gift, _chosen(db, actor, selection_id))
    return replace(foreseen, names=_names(db, actor, judged, selection_id)) if foreseen.left_out else foreseen


def carry_out(
    db: Session,
    actor: Actor,
    *,
    act: Act,
    seen: str,
    selection_id: int | None = None,
    account_ids: Sequence[int] = (),
    gift: Gift | None = None,
) -> Done:
    """Do what was foreseen; refuses with the new numbers when that has become something else meanwhile."""
    actor.require(account_acts.permission(act))
    if actor.account_id is None:
        raise NotAllowed("Accounts are changed by somebody who has signed in, so that it can be undone.", by=actor)
    if act in account_acts.ROLE_CHANGES:
        actor.require_fresh()
    _validate(db, act, gift)
    account_effects.lock(db)
    judged = _judged(db, actor, act, selection_id, account_ids, gift)
    foreseen = _foreseen(db, judged, act, gift, _chosen(db, actor, selection_id))
    if foreseen.seen != seen:
        raise Conflict(_meanwhile(foreseen))
    if not foreseen.will:
        raise Conflict("There is nothing to do: everybody is left out. Choose other accounts.")
    change_id, notices = _apply(db, actor, act, judged, foreseen, gift)
    _record(db, actor, act, change_id, foreseen, gift)
    return Done(change_id, foreseen.will, foreseen.left_out, notices)


def _apply(
    db: Session, actor: Actor, act: Act, judged: sa.Subquery, foreseen: Foreseen, gift: Gift | None
) -> tuple[int, tuple[int, ...]]:
    """Remember what the accounts were, then change them; gives the ids of the change and of the notices."""
    change = account_effects.begin(db, actor, act=act, at=clock.now())
    rows = sa.select(sa.literal(change.id), judged.c.id, judged.c.before).where(judged.c.reason.is_(None))
    into = ["change_id", "account_id", "before"]
    kept = account_effects.write(db, sa.insert(AccountChangeItem).from_select(into, rows))
    applied = account_effects.apply(db, actor, act, change=change, gift=gift)
    if kept != foreseen.will or applied.done != kept:
        raise Conflict("Somebody else changed these accounts at this moment, so nothing was done. Try again.")
    return change.id or 0, applied.notices


def _judged(
    db: Session, actor: Actor, act: Act, selection_id: int | None, account_ids: Sequence[int], gift: Gift | None
) -> sa.Subquery:
    if selection_id is not None:
        chosen = selection_rows.account_ids(db, actor, selection_id=selection_id)
    else:
        chosen = sa.select(col(Account.id)).where(col(Account.id).in_(account_ids))
    return judging.judged(db, actor, act=act, gift=gift, chosen=chosen)


def _chosen(db: Session, actor: Actor, selection_id: int | None) -> int:
    """How many are chosen, with an account or without."""
    return selection_rows.size(db, actor, selection_id=selection_id) if selection_id is not None else 0


def _names(db: Session, actor: Actor, judged: sa.Subquery, selection_id: int | None) -> Names:
    query = sa.select(col(Account.person_id), judged.c.reason).join(judged, judged.c.id == col(Account.id))
    named = some_names.by_reason(db, query.where(judged.c.reason.is_not(None)))
    if selection_id is None:
        return named
    return named | selection_rows.named_without_account(db, actor, selection_id=selection_id, reason=LeftOut.NO_ACCOUNT)


def _foreseen(db: Session, judged: sa.Subquery, act: Act, gift: Gift | None, chosen: int) -> Foreseen:
    """Counts and sums per reason: no list of 100,000 ids has to leave the database to see that it is the same."""
    key = sa.cast(judged.c.id, sa.BigInteger)
    sums = (sa.func.count(), sa.func.sum(key), sa.func.sum(key * key % 1_000_003))
    rows = db.execute(sa.select(judged.c.reason, *sums).group_by(judged.c.reason)).all()
    numbers = sorted((reason or "", int(count), int(ids), int(mixed)) for reason, count, ids, mixed in rows)
    without = max(0, chosen - sum(number[1] for number in numbers))
    if not numbers and not without:
        raise NotFound("None of these accounts is in your classes. Go back to the list and choose again.")
    will = next((number[1] for number in numbers if not number[0]), 0)
    left_out = {LeftOut(number[0]): number[1] for number in numbers if number[0]}
    left_out |= {LeftOut.NO_ACCOUNT: without} if without else {}
    return Foreseen(will, left_out, hashlib.sha256(repr((act.value, gift, numbers)).encode()).hexdigest())


def _validate(db: Session, act: Act, gift: Gift | None) -> None:
    if (act is Act.GIVE_ROLE) != (gift is not None):
        raise InputProblem("Choose the role first.", field="role")
    if act is Act.TO_MICROSOFT and not school.settings(db).microsoft:
        raise Conflict("The school does not use Microsoft 365. Switch it on in Settings first.")
    if gift is None:
        return
    if gift.period_id is not None and db.get(AcademicPeriod, gift.period_id) is None:
        raise InputProblem("This academic period is gone. Choose another one.", field="period_id")
    account_acts.dates(gift.starts_on, gift.ends_on)
    sections = gift.reach.section_ids
    found = sa.select(sa.func.count()).select_from(Section).where(col(Section.id).in_(sections))
    if db.scalar(found) != len(sections):
        raise InputProblem("One of these classes is gone. Choose again.", field="section_ids")


def _meanwhile(now: Foreseen) -> str:
    left = sum(now.left_out.values())
    return (
        "The accounts changed since you looked, so nothing was done. "
        f"It would be {now.will:,} now, and {left:,} left out. Look again, then decide."
    )


def _record(db: Session, actor: Actor, act: Act, change_id: int, foreseen: Foreseen, gift: Gift | None) -> None:
    left_out = {reason.value: number for reason, number in foreseen.left_out.items()}
    details: dict[str, Any] = {"change": change_id, "done": foreseen.will, "left_out": left_out}
    details |= account_acts.role_told(gift.as_columns()) if gift else {}
    only, owners = people.named(db, list(db.scalars(account_effects.touched(change_id))))
    audit.record(
        db,
        actor,
        action=f"accounts.{act.value}",
        object_kind="account",
        object_id=only,
        details=details,
        people=owners,
    )
