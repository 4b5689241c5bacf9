"""A forgotten password: whoever asks gets the same answer; what follows is decided out of their sight (R20, R22).

`ask` does the same work for every name. `answer` runs in the delivery engine: it queues a link that works for an hour,
and the last of a day for a day, to the address on file, or where there is none and the rules allow it to the mobile,
never to what somebody typed (R77).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, CampaignKind, Channel, Person, SignInMethod
from core.permissions import Actor, system
from core.services import audit, invitations, notices
from core.tables import handing_over, reachability, school


def ask(db: Session, visitor: Actor, *, account_id: int | None) -> None:
    """Write down that somebody says so; of which account, where there is one."""
    audit.record(db, visitor, action="recovery.asked", object_kind="account", object_id=account_id)


def answer(db: Session, *, account_id: int) -> int | None:
    """Queue the link; gives the campaign. None where there is nothing to reset, nowhere to write, or too many asked."""
    held = db.get(Account, account_id, with_for_update=True)  # two who ask at once get one link
    if held is None or not _has_something_to_reset(db, held):
        return None
    if invitations.asked_too_often(db, account_id, kind=CampaignKind.RESET_PASSWORD):
        return None
    way = _way(db, account_id)
    if way is None:
        return None
    channel, address, language = way
    is_last = invitations.is_last_of_the_day(db, account_id, kind=CampaignKind.RESET_PASSWORD)
    campaign_id = notices.queue(
        db,
        kind=CampaignKind.RESET_PASSWORD,
        channel=channel,
        to=[(account_id, address, language)],
        by="the person, who forgot the password",
        link_days=invitations.RESET_LASTS_DAYS if is_last else 0,
    )
    details = {"channel": channel.value}
    audit.record(
        db,
        system("recovery"),
        action="recovery.link_queued",
        object_kind="account",
        object_id=account_id,
        details=dict(details),
    )
    return campaign_id


def _has_something_to_reset(db: Session, account: Account) -> bool:
    """Nobody comes in by this door who was never invited, nor whose password lives at Microsoft."""
    local = account.sign_in_method == SignInMethod.LOCAL and account.deactivated_at is None
    return local and bool(account.password_hash or account.invited_at)


def _way(db: Session, account_id: int) -> tuple[Channel, str, str] | None:
    """By e-mail if there is an address; else by SMS, but never for staff (R81) and never against an opt-out."""
    policy = school.policy(school.settings(db))
    number = reachability.sms_address(policy)
    may_be_texted = sa.not_(reachability.wants_no_sms(number)), sa.not_(handing_over.is_staff())
    texted = sa.and_(reachability.has_sms_number(policy), *may_be_texted)
    query = sa.select(
        reachability.has_email_address(policy), reachability.email_address(policy), texted, number, col(Person.language)
    )
    query = query.select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    row = db.execute(query.where(col(Account.id) == account_id, reachability.counts(policy))).first()
    if row is None:
        return None
    if row[0]:
        return Channel.EMAIL, row[1], row[4]
    return (Channel.SMS, row[3], row[4]) if row[2] and row[3] else None
