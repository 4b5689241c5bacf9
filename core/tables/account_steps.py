"""rules.account_steps in SQL, over Account; and by which channel its latest invitation went."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Account, Invitation, Purpose
from core.rules.account_steps import LOST, Step


def latest() -> sa.ColumnElement[str]:
    """The last step of each row, NULL where there is no account."""
    return sa.case(
        (col(Account.first_sign_in_at).is_not(None), _word(Step.SIGNED_IN)),
        (col(Account.verified_at).is_not(None), _word(Step.VERIFIED)),
        (col(Account.id).is_(None), sa.null()),
        (col(Account.invited_at).is_(None), _word(Step.CREATED)),
        (sa.func.coalesce(col(Account.delivery), "").in_(sorted(LOST)), _word(Step.INVITED)),
        else_=_word(Step.DELIVERED),
    )


def has_come_to(step: Step) -> sa.ColumnElement[bool]:
    """Holds for accounts that have come to the step or beyond it."""
    steps = list(Step)
    return latest().in_(steps[steps.index(step) :])


def latest_channel() -> sa.ScalarSelect[Any]:
    """By which channel the latest link or initial password of an account went; NULL when it never got one."""
    issued = aliased(Invitation)
    mine = sa.select(col(issued.channel)).where(col(issued.account_id) == col(Account.id))
    invitations = mine.where(col(issued.purpose) != Purpose.ADDRESS)
    return invitations.order_by(col(issued.id).desc()).limit(1).correlate(Account).scalar_subquery()


def _word(step: Step) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{step.value}'", sa.String())
