"""The statements of messages, built once: building them anew took longer than sending (SQLAlchemy, 10 ms).

Those that look take several messages at once, those that write are run for several in one go.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.models import CampaignStatus, Channel, MessageStatus, metadata
from core.rules.reachability import Policy
from core.tables import reachability
from core.tables.built import once_a_day

_account, _campaign, _invitation, _message, _message_account, _opt_out, _person, _hold = (
    metadata.tables[name]
    for name in ("account", "campaign", "invitation", "message", "message_account", "opt_out", "person", "sending_hold")
)
_this = _message.c.id == bindparam("message")
_these = _message.c.id.in_(bindparam("messages", expanding=True))


# While it is sent, `finished_at` keeps the claim before: what is not tried after all goes back to that.
CLAIM = (
    sa.update(_message)
    .where(
        _these,
        _message.c.status == MessageStatus.QUEUED.value,
        sa.exists().where(
            _campaign.c.id == _message.c.campaign_id,
            _campaign.c.status == CampaignStatus.RUNNING.value,
        ),
        ~sa.exists().where(_hold.c.id == 1),  # held a moment ago: nothing more leaves, whatever is under way
    )
    .values(
        status=MessageStatus.SENDING.value,
        attempts=_message.c.attempts + 1,
        claimed_at=bindparam("now"),
        finished_at=_message.c.claimed_at,
    )
    .returning(_message.c.id, _message.c.address, _message.c.language, _message.c.reference, _message.c.attempts)
)

# What never leaves takes no place of the day, and keeps nobody else of the same number waiting.
NOT_TRIED = sa.update(_message).where(_this).values(attempts=_message.c.attempts - 1, claimed_at=_message.c.finished_at)

_ADDRESSEES = (
    sa.select(
        _message_account.c.message_id,
        _message_account.c.account_id,
        _message_account.c.invitation_id,
        _account.c.username,
        _account.c.sign_in_method,
        _account.c.deactivated_at,
        _account.c.first_sign_in_at,
        _account.c.password_hash,
        _account.c.delivery,
        _account.c.delivery_reason,
        _account.c.delivery_address,
        _person.c.kind,
        _person.c.status,
        _person.c.first_name,
        _person.c.last_name,
    )
    .join(_account, _account.c.id == _message_account.c.account_id)
    .join(_person, _person.c.id == _account.c.person_id)
    .where(_message_account.c.message_id.in_(bindparam("messages", expanding=True)))
    .order_by(_message_account.c.message_id, _message_account.c.account_id)
)


def addressees(channel: str, policy: Policy) -> sa.Select[Any]:
    """The people of messages, and where a message of this channel would go to each at this moment."""
    return _by_sms(policy) if channel == Channel.SMS else _by_email(policy)


@once_a_day
def _by_sms(policy: Policy) -> sa.Select[Any]:
    return _ADDRESSEES.add_columns(reachability.sms_address(policy).label("goes_to"))


@once_a_day
def _by_email(policy: Policy) -> sa.Select[Any]:
    usable = (reachability.has_email_address(policy), reachability.email_address(policy))
    return _ADDRESSEES.add_columns(sa.case(usable, else_="").label("goes_to"))


TIE = (
    sa.update(_message_account)
    .where(_message_account.c.message_id == bindparam("message"), _message_account.c.account_id == bindparam("account"))
    .values(invitation_id=bindparam("invitation"))
)

# Locked, and in one order: nothing changes between the look and the mark.
STANDING = (
    sa.select(
        *(_message.c.id, _message.c.status, _message.c.address, _message.c.channel),
        sa.select(_campaign.c.status)
        .where(_campaign.c.id == _message.c.campaign_id)
        .scalar_subquery()
        .label("campaign"),
    )
    .where(_these)
    .order_by(_message.c.id)
    .with_for_update()
)

# One that is put off keeps the provider's name of the try before, by which a late word about that one is known.
_after = bindparam("after", type_=_message.c.status.type)
MARK = (
    sa.update(_message)
    .where(_this)
    .values(
        status=_after,
        reason=bindparam("why"),
        detail=bindparam("more"),
        provider_id=sa.case(
            (_after == MessageStatus.QUEUED.value, _message.c.provider_id),
            else_=bindparam("provider", type_=sa.String()),
        ),
        finished_at=bindparam("finished"),
    )
)

# All that waits of a campaign: when it is cancelled, and what was put off at that very moment afterwards.
CANCEL_WAITING = (
    sa.update(_message)
    .where(_message.c.campaign_id == bindparam("campaign"), _message.c.status == MessageStatus.QUEUED.value)
    .values(status=MessageStatus.CANCELLED.value, finished_at=bindparam("now"))
)

# Whose messages these are, in one order: two that mark for the same people do not wait for each other.
PEOPLE = (
    sa.select(
        _message_account.c.message_id,
        _message_account.c.account_id,
        sa.select(_campaign.c.kind)
        .where(_campaign.c.id == _message_account.c.campaign_id)
        .scalar_subquery()
        .label("kind"),
    )
    .where(_message_account.c.message_id.in_(bindparam("messages", expanding=True)))
    .order_by(_message_account.c.account_id, _message_account.c.message_id)
)

# Each account by its own key: with the accounts of a message as a subquery, PostgreSQL read all accounts for each.
OUTCOME = (
    sa.update(_account)
    .where(_account.c.id == bindparam("account"))
    .values(delivery=bindparam("after"), delivery_reason=bindparam("why"), delivery_address=bindparam("where"))
)
INVITED = OUTCOME.values(
    invited_at=bindparam("now"),
    times_invited=_account.c.times_invited + 1,
    invitation_ends_at=sa.select(_invitation.c.expires_at)
    .join(_message_account, _message_account.c.invitation_id == _invitation.c.id)
    .where(_message_account.c.message_id == bindparam("message"), _message_account.c.account_id == _account.c.id)
    .correlate(_account)
    .scalar_subquery(),
)

SEGMENTS = sa.update(_message).where(_this).values(segments=bindparam("parts"))

_of_a_day = (_message.c.channel == bindparam("on_channel"), _message.c.claimed_at >= bindparam("since"))
CLAIMED = sa.select(sa.func.count()).where(*_of_a_day)
SPENT = sa.select(sa.func.coalesce(sa.func.sum(_message.c.segments), 0)).where(*_of_a_day)
TO_THIS_NUMBER = (
    sa.select(sa.func.count(), sa.func.max(_message.c.claimed_at))
    .where(_message.c.address == sa.select(_message.c.address).where(_this).scalar_subquery())
    .where(*_of_a_day, _message.c.id != bindparam("message"))
)
WANTS_NONE = sa.select(reachability.wants_no_sms(sa.select(_message.c.address).where(_this).scalar_subquery()))
UNLOCK = (
    sa.update(_account)
    .where(_account.c.id == bindparam("account"), _account.c.password_hash == "")
    .values(failed_sign_ins=0, next_try_at=None, suspended_at=None)
)
