"""Among which of the headlines an account stood at a moment before, from the dated facts that are known of it today.

Contacts have no dates: whoever had no address then and has one now counts as reachable then. A failure counts from the
day of its message.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Account, Invitation, Purpose
from core.rules.account_state import UNDELIVERABLE
from core.rules.headlines import Headline

ELSEWHERE = "elsewhere"
_OFF = (Account.deactivated_at, Account.suspended_at, Account.pending_provider_at)
_CAME = (Account.created_at, Account.invited_at, Account.verified_at, Account.first_sign_in_at)


def has_changed_since(then: datetime) -> sa.ColumnElement[bool]:
    """Whether anything dated came later; else an account stands where it stood."""
    return sa.or_(col(Account.id).is_(None), *(col(moment) > then for moment in (*_OFF, *_CAME)))


def at(then: datetime) -> sa.ColumnElement[str]:
    """The headline of each account at that moment; another word where it stood under none.

    Whoever was not invited then counts as unreachable: who of them has an address the account does not know.
    """
    invited = col(Account.invited_at)
    failed = sa.and_(col(Account.delivery) == "failed", col(Account.delivery_reason).in_(sorted(UNDELIVERABLE)))
    return sa.case(
        (sa.or_(col(Account.id).is_(None), col(Account.created_at) > then), ELSEWHERE),
        (sa.or_(*(col(moment) <= then for moment in _OFF)), ELSEWHERE),
        (sa.or_(col(Account.first_sign_in_at) <= then, col(Account.verified_at) <= then), Headline.WORKING.value),
        (sa.and_(failed, invited <= then), Headline.FAILED.value),
        (invited <= then, Headline.WAITING.value),
        (sa.and_(invited > then, col(Account.times_invited) > 1, _issued_by(then)), Headline.WAITING.value),
        else_=Headline.UNREACHABLE.value,
    )


def _issued_by(then: datetime) -> sa.ColumnElement[bool]:
    """Whoever was invited again since was invited before: `invited_at` is the latest time only."""
    earlier = aliased(Invitation)
    mine = sa.select(col(earlier.id)).where(col(earlier.account_id) == col(Account.id))
    return mine.where(col(earlier.purpose) != Purpose.ADDRESS, col(earlier.issued_at) <= then).exists()
