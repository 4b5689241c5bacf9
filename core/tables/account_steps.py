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
    mine = sa.select(col(issued.channel)).where(col(issued.account_id) == col(Account.id), _is_way_in(issued))
    return mine.order_by(col(issued.id).desc()).limit(1).correlate(Account).scalar_subquery()


def in_order_of_issue(rows: sa.Select[Any]) -> sa.Select[Any]:
    """Of all links and initial passwords, account by account: the last of each is what `latest_channel` looks at."""
    return rows.where(_is_way_in(Invitation)).order_by(col(Invitation.account_id), col(Invitation.id))


def _is_way_in(issued: type[Invitation]) -> sa.ColumnElement[bool]:
    return col(issued.purpose) != Purpose.ADDRESS


def _word(step: Step) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{step.value}'", sa.String())
