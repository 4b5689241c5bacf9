"""Issues of links: each supersedes the older ones of its account. The secret is derived, never stored (DESIGN §4)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    Channel,
    Invitation,
    MessageAccount,
    MessageStatus,
    Person,
    Purpose,
    Superseded,
    metadata,
)
from core.rules import initial_credentials, message_text
from core.rules.reachability import email_address
from core.services import many_rows
from core.tables import recipients, school, wordings
from core.tables.recipients import Recipient, Recipients

BATCH = 100
ASK_AGAIN_AFTER, ASKED_AT_MOST = timedelta(seconds=60), 5  # a day (R20)
RESET_LASTS = timedelta(hours=1)  # what somebody asked for just now is used just now (R16)
RESET_LASTS_DAYS = 1  # the last of a day: whoever is kept busy by strangers always has one that works

_SAME = ("campaign_id", "channel", "status", "attempts", "segments")  # in all messages of a campaign
_invitation, _message, _tie = (metadata.tables[name] for name in ("invitation", "message", "message_account"))
_ISSUE = sa.insert(_invitation).returning(_invitation.c.id, _invitation.c.uid)
_open_ones = sa.and_(
    _invitation.c.account_id == sa.bindparam("account"),
    _invitation.c.used_at.is_(None),
    _invitation.c.superseded_at.is_(None),
)
_REPLACE = (
    sa.update(_invitation)
    .where(_open_ones, _invitation.c.purpose == sa.bindparam("of_purpose"))
    .values(superseded_at=sa.bindparam("now"), superseded_because=Superseded.REPLACED.value)
)
_SUPERSEDE = (
    sa.update(_invitation)
    .where(_open_ones, _invitation.c.purpose != Purpose.ADDRESS.value)
    .values(superseded_at=sa.bindparam("now"), superseded_because=sa.bindparam("because"))
)


@dataclass(frozen=True)
class Issued:
    """A live link or initial password; the token exists only here and in the message."""

    invitation_id: int
    expires_at: datetime
    token: str = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """A link or an initial password to be issued; `issued_by` is who hands it over."""

    purpose: Purpose
    account_id: int
    channel: str
    address: str
    days: int
    key: keys.Key = field(repr=False)
    issued_by: int | None = None


def issue_link(
    db: Session,
    *,
    account_id: int,
    channel: str,
    address: str,
    days: int,
    key: keys.Key | None = None,
    issued_by: int | None = None,
) -> Issued:
    """Make a new link; the older ones of the account end now. `issued_by` is who hands it over."""
    return issue(
        db,
        Purpose.LINK,
        account_id=account_id,
        channel=channel,
        address=address,
        days=days,
        key=key,
        issued_by=issued_by,
    )


def issue(
    db: Session,
    purpose: Purpose,
    *,
    account_id: int,
    channel: str,
    address: str,
    days: int,
    key: keys.Key | None = None,
    issued_by: int | None = None,
) -> Issued:
    """Make a new link or initial password; the older ones of its purpose end now."""
    return issue_several(db, [Wanted(purpose, account_id, channel, address, days, key or keys.current(), issued_by)])[0]


def issue_several(db: Session, wanted: Sequence[Wanted]) -> list[Issued]:
    """New links and initial passwords, each for an account of its own: the older ones of their purpose end now."""
    if not wanted:
        return []
    now, uids = clock.now(), [initial_credentials.new_uid() for _ in wanted]
    replaced = [{"account": one.account_id, "now": now, "of_purpose": one.purpose.value} for one in wanted]
    db.connection().execute(_REPLACE, replaced)
    tokens = [_token(one.purpose, one.key, uid) for one, uid in zip(wanted, uids, strict=True)]
    rows = [_row(one, uid, token, now) for one, uid, token in zip(wanted, uids, tokens, strict=True)]
    ids = {row.uid: row.id for row in db.connection().execute(_ISSUE, rows)}
    return [Issued(ids[uid], _ends(one, now), token) for one, uid, token in zip(wanted, uids, tokens, strict=True)]


def _ends(wanted: Wanted, now: datetime) -> datetime:
    if wanted.purpose is Purpose.RESET and wanted.days != RESET_LASTS_DAYS:
        return now + RESET_LASTS
    return now + timedelta(days=wanted.days)


def _row(wanted: Wanted, uid: str, token: str, now: datetime) -> dict[str, Any]:
    return {
        "account_id": wanted.account_id,
        "purpose": wanted.purpose.value,
        "uid": uid,
        "kid": wanted.key.kid,
        "token_hash": initial_credentials.token_hash(token),
        "channel": wanted.channel,
        "address": wanted.address,
        "issued_at": now,
        "issued_by": wanted.issued_by,
        "expires_at": _ends(wanted, now),
    }


def same_again(db: Session, *, invitation_id: int) -> Issued | None:
    """The link or initial password of an earlier try, if it still works: a retry repeats it."""
    row = db.get(Invitation, invitation_id)
    if row is None or row.id is None or row.used_at or row.superseded_at or row.expires_at <= clock.now():
        return None
    key = keys.known().get(row.kid)
    return Issued(row.id, row.expires_at, _token(Purpose(row.purpose), key, row.uid)) if key else None


def _token(purpose: Purpose, key: keys.Key, uid: str) -> str:
    make = {Purpose.PASSWORD: initial_credentials.initial_password, Purpose.RESET: initial_credentials.reset_token}
    return make.get(purpose, initial_credentials.link_token)(key.secret, uid)


def supersede(db: Session, *, account_id: int, because: Superseded, purpose: Purpose | None = None) -> None:
    """End what opens an account: all of it, or one purpose. A question about an address opens nothing, and stays."""
    ends = _SUPERSEDE.where(_invitation.c.purpose == purpose.value) if purpose else _SUPERSEDE
    db.connection().execute(ends, {"account": account_id, "now": clock.now(), "because": because.value})


def queue_new_link(db: Session, *, account_id: int) -> int | None:
    """Queue a new link to the address on file; None when there is none or it was asked for too often (R20)."""
    mine = select(Person, Account).where(Account.id == account_id, Person.id == Account.person_id)
    row = db.exec(mine.with_for_update()).one()  # two requests at once must not both find that nobody asked
    settings = school.settings(db)
    policy = school.policy(settings)
    verdict = email_address(recipients.contact(*row, policy), policy)
    if not verdict.yes or asked_too_often(db, account_id, kind=CampaignKind.NEW_LINK):
        return None
    texts = wordings.newest(db, kind=CampaignKind.NEW_LINK, channel=Channel.EMAIL)
    spoken = message_text.language(row[0].language or settings.default_language, texts)
    recipient = Recipient(account_id, verdict.address, spoken)
    campaign = Campaign(
        kind=CampaignKind.NEW_LINK,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=settings.link_days,
        launched_by_label="the person, from the page of the link",
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=1,
        recipients_digest="",
    )
    return queue(db, campaign=campaign, to=[recipient])


def queue(db: Session, *, campaign: Campaign, to: Sequence[Recipient] | Recipients) -> int:
    """Store a campaign with its messages in batches; gives its id. Nothing is sent before this is committed."""
    db.add(campaign)
    db.flush()
    campaign_id, numbers = campaign.id or 0, _by_message(to, by_family=campaign.by_family)
    same = (campaign_id, campaign.channel, MessageStatus.QUEUED.value, 0, 0)
    messages = ((*same, *own) for own in _of_message(to, numbers))
    many_rows.insert(db, _message, (*_SAME, "batch", "address", "language", "reference"), messages)
    mine = sa.select(_message.c.id).where(_message.c.campaign_id == campaign_id).order_by(_message.c.id)
    ids = list(db.connection().scalars(mine))
    ties = ((ids[number], one.account_id, campaign_id) for number, one in zip(numbers, to, strict=True))
    many_rows.insert(db, _tie, ("message_id", "account_id", "campaign_id"), ties)
    return campaign_id


def _by_message(to: Sequence[Recipient] | Recipients, *, by_family: bool) -> Sequence[int]:
    """The number of each recipient's message: everybody has their own, or all who share an address have one."""
    if not by_family:
        return range(len(to))
    numbers: dict[str, int] = {}
    return [numbers.setdefault(one.address, len(numbers)) for one in to]


def _of_message(to: Sequence[Recipient] | Recipients, numbers: Sequence[int]) -> Iterator[tuple[int, str, str, str]]:
    """What each message has of its own: batch, address and language of the first it is for, reference."""
    made, references = 0, secrets.token_hex(16 * len(to))
    for number, one in zip(numbers, to, strict=True):
        if number == made:
            yield number // BATCH, one.address, one.language, references[32 * number : 32 * number + 32]
            made += 1


def asked_too_often(db: Session, account_id: int, *, kind: CampaignKind) -> bool:
    """Whether a message of this kind was queued a moment ago, or five times within a day (R20)."""
    times = _asked(db, account_id, kind)
    return len(times) >= ASKED_AT_MOST or any(time > clock.now() - ASK_AGAIN_AFTER for time in times)


def is_last_of_the_day(db: Session, account_id: int, *, kind: CampaignKind) -> bool:
    """Whether after one more message of this kind no other is sent for a while."""
    return len(_asked(db, account_id, kind)) == ASKED_AT_MOST - 1


def _asked(db: Session, account_id: int, kind: CampaignKind) -> list[datetime]:
    """When such messages were queued within a day."""
    asked = sa.select(col(Campaign.launched_at)).join(
        MessageAccount, col(MessageAccount.campaign_id) == col(Campaign.id)
    )
    mine = asked.where(col(MessageAccount.account_id) == account_id, col(Campaign.kind) == kind)
    return list(db.scalars(mine.where(col(Campaign.launched_at) > clock.now() - timedelta(days=1))))
