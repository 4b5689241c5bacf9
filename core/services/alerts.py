"""Alerts: what a person should look at now, on the Audit page and by e-mail to a set address (R98).

Each is raised at most once while it lasts; see rules.alerts for how much is too much.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Alert, AuditEntry, Campaign, CampaignKind, Channel
from core.permissions import system
from core.rules import health, message_text
from core.rules.alerts import THRESHOLDS, AlertKind
from core.services import audit, audit_anchors, audit_chain, invitations
from core.services.audit_chain import Walk
from core.tables import account_roles, disks, school, sending, stopped, wordings
from core.tables import health as health_table
from core.tables.recipients import Recipient

_TAKING = ("list.exported", "report.printed", "outcome.exported")
_FAILING = ("sign_in.refused", "second_factor.refused")


@dataclass(frozen=True)
class Finding:
    """Something that is too much: how much, and by which account where it is one's doing."""

    kind: AlertKind
    number: int
    account_id: int | None = None


def look(db: Session) -> list[Finding]:
    """What is too much at this moment and was not said lately; reads only."""
    found = [*_exports(db), *_failures(db), *_chain(db), *_spend(db), *_stopped(db), *_health(db)]
    return [finding for finding in found if not _said_lately(db, finding)]


def check_whole(db: Session) -> list[Finding]:
    """The whole chain, as verify-audit does it; reads only."""
    broken = audit.verify(db).broken_at
    found = [Finding(AlertKind.BROKEN_CHAIN, broken)] if broken is not None else []
    return [finding for finding in found if not _said_lately(db, finding)]


def check_notes(db: Session) -> list[Finding]:
    """Notes that are missing although there has been time to make some; asked before new ones are made."""
    oldest = db.scalar(sa.select(col(AuditEntry.at)).order_by(col(AuditEntry.seq)).limit(1))
    if oldest is None or oldest > clock.now() - THRESHOLDS[AlertKind.NO_NOTES].window:
        return []
    found = [Finding(AlertKind.NO_NOTES, audit_chain.size(db))] if audit_anchors.are_missing(db) else []
    return [finding for finding in found if not _said_lately(db, finding)]


def check_disks(db: Session) -> list[Finding]:
    """The disks of this machine; the others have theirs."""
    full = [disk for disk in disks.watched() if disk.is_full]
    found = [Finding(AlertKind.DISK_FULL, full[0].free_bytes // 2**20)] if full else []
    return [finding for finding in found if not _said_lately(db, finding)]


def raise_(db: Session, *, finding: Finding) -> int | None:
    """Store the alert and queue its e-mail; gives its campaign, None without an address or if it was raised before."""
    audit.lock(db)
    if _said_lately(db, finding):
        return None
    about = {"kind": finding.kind.value, "number": finding.number}
    audit.record(
        db, system("alerts"), action="alert.raised", object_kind="account", object_id=finding.account_id, details=about
    )
    row = Alert(kind=finding.kind, at=clock.now(), number=finding.number, account_id=finding.account_id)
    db.add(row)
    db.flush()
    return _mail(db)


def _said_lately(db: Session, finding: Finding) -> bool:
    since = clock.now() - THRESHOLDS[finding.kind].quiet
    same = (col(Alert.kind) == finding.kind, col(Alert.account_id).is_not_distinct_from(finding.account_id))
    return db.scalar(sa.select(col(Alert.id)).where(*same, col(Alert.at) > since).limit(1)) is not None


def _exports(db: Session) -> Iterator[Finding]:
    """How many people one account took the data of, over all its files; of files without people there is no `count`."""
    much, taken = THRESHOLDS[AlertKind.MASS_EXPORT], Counter[int | None]()
    query = sa.select(col(AuditEntry.account_id), col(AuditEntry.details))
    lately = (col(AuditEntry.action).in_(_TAKING), col(AuditEntry.at) > clock.now() - much.window)
    for account_id, details in db.execute(query.where(*lately)):
        number = details.get("count", 0)
        taken[account_id] += number if isinstance(number, int) else 0
    yield from (
        Finding(AlertKind.MASS_EXPORT, number, account_id)
        for account_id, number in taken.items()
        if number > much.above and account_id is not None
    )


def _failures(db: Session) -> Iterator[Finding]:
    much = THRESHOLDS[AlertKind.SIGN_IN_FAILURES]
    query = sa.select(sa.func.count()).select_from(AuditEntry)
    query = query.join(Account, sa.and_(col(Account.id) == col(AuditEntry.object_id), account_roles.is_staff()))
    lately = (col(AuditEntry.action).in_(_FAILING), col(AuditEntry.at) > clock.now() - much.window)
    number = db.scalar(query.where(*lately, col(AuditEntry.object_kind) == "account")) or 0
    if number > much.above:
        yield Finding(AlertKind.SIGN_IN_FAILURES, number)


def _chain(db: Session) -> Iterator[Finding]:
    """What is newer than the last note outside the database; older entries are looked at by the hourly check."""
    noted = audit_anchors.read()
    misfit = audit_anchors.misfit(db, noted[-1:])
    if misfit is not None:
        yield Finding(AlertKind.BROKEN_CHAIN, misfit.seq)
        return
    walk = Walk(noted[-1].seq, noted[-1].seal) if noted else None
    while walk and not walk.is_over and walk.broken_at is None:
        walk = audit_chain.newer(db, walk)
    if walk and walk.broken_at is not None:
        yield Finding(AlertKind.BROKEN_CHAIN, walk.broken_at)


def _spend(db: Session) -> Iterator[Finding]:
    own = school.settings(db)
    left = sending.room(db, own=own, channel=Channel.SMS, now=clock.now()).spend or 0.0
    if own.sms_spend_per_day <= 0:
        return
    spent = round(100 * (own.sms_spend_per_day - left) / own.sms_spend_per_day)
    if spent >= THRESHOLDS[AlertKind.SMS_SPEND].above:
        yield Finding(AlertKind.SMS_SPEND, spent)


def _stopped(db: Session) -> Iterator[Finding]:
    campaign_id = stopped.newest(db, since=clock.now() - THRESHOLDS[AlertKind.CAMPAIGN_STOPPED].window)
    if campaign_id is not None:
        yield Finding(AlertKind.CAMPAIGN_STOPPED, campaign_id)


def _health(db: Session) -> Iterator[Finding]:
    """What an administrator is woken for: see rules.health."""
    facts = health_table.facts(db)
    if minutes := health.standing_minutes(facts):
        yield Finding(AlertKind.QUEUE_STANDS, minutes)
    if hours := health.backup_hours(facts):
        yield Finding(AlertKind.NO_BACKUP, hours)
    if len(facts.failing) > THRESHOLDS[AlertKind.WORK_FAILS].above:
        yield Finding(AlertKind.WORK_FAILS, len(facts.failing))
    if facts.faults > THRESHOLDS[AlertKind.FAULTS].above:
        yield Finding(AlertKind.FAULTS, facts.faults)


def _mail(db: Session) -> int | None:
    """One message to the address of the settings. It says that there is an alert; what it is, the page says."""
    own, texts = school.settings(db), wordings.newest(db, kind=CampaignKind.ALERT, channel=Channel.EMAIL)
    reader = db.scalar(sa.select(col(Account.id)).where(account_roles.administers_today()).order_by(col(Account.id)))
    if not own.alert_address or reader is None or "en" not in texts:
        return None
    to = Recipient(reader, own.alert_address, message_text.language(own.default_language, texts))
    campaign = Campaign(
        kind=CampaignKind.ALERT,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=texts,
        link_days=own.link_days,
        launched_by_label="system, alerts",
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=1,
        recipients_digest="",
    )
    return invitations.queue(db, campaign=campaign, to=[to])
