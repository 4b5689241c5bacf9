"""Somebody who is signed in shows anew who they are: a code of their app, or the password where there is none (R31)."""

from __future__ import annotations

from collections.abc import Mapping

from core import database
from core.permissions import Actor
from core.rules import password_hash
from core.services import second_factor, step_up
from core.tables import candidates
from core.tables import second_factor as factors
from core.web import door

WRONG = "That was not right, or there were too many tries. Wait a minute, then try once more."


def by_code(actor: Actor) -> bool:
    """Whether they are asked for a code of their app."""
    with database.reading() as db:
        return factors.is_enrolled(db, account_id=actor.account_id or 0)


def has_any(actor: Actor) -> bool:
    """Whether there is something to type: whoever signs in with Microsoft may have neither app nor password here."""
    with database.reading() as db:
        elsewhere = candidates.signs_in_elsewhere(db, actor)
    return not elsewhere or by_code(actor)


def given(actor: Actor, typed: str, *, carried: Mapping[str, str]) -> bool:
    """Whether they typed the right thing; then their sign-in is fresh again. Wrong tries count as at the door.

    `carried`: the cookies of their browser. The hash is made before the transaction begins, and a wrong try is stored
    like a right one.
    """
    asks_code = by_code(actor)
    with database.reading() as db:
        candidate = candidates.own(db, actor)
    fits = not asks_code and password_hash.fits(candidate.stored_hash, typed)
    notice: int | None = None
    with database.transaction() as db:
        if asks_code:
            right = second_factor.accept(db, actor, account_id=actor.account_id or 0, typed=typed)
        else:
            right, notice = door.confirm(db, actor, candidate=candidate, fits=fits, carried=carried)
        if right:
            step_up.note(db, actor)
    door.start(notice)
    return right
