"""The law of conservation (security notes, §5), and the settings under which a school sends for real."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import config, database
from core.models import CampaignKind, Channel, Message, MessageStatus, Person
from core.services import audit
from core.services.campaigns import Draft
from core.tables import campaigns
from core.tables import school as school_table
from core.tables.filters import AccountFilter, Page
from tests.delivery.engine_room import SECRETARY, progress
from tests.peers.smtp import Behaviour

SLOTS = 4
CREDENTIALS = Draft(
    kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=AccountFilter(user_types=("student",))
)


def use(monkeypatch: pytest.MonkeyPatch, database_url: str, **settings: str) -> None:
    """Settings of this process and of those that it starts; the engine's books lie in the same kind of database."""
    if database_url.startswith("postgresql"):
        settings["ENGINE_URL"] = database_url.replace("+psycopg", "")
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTKEY_{name}", value)
    config.settings.cache_clear()


def by_smtp(port: int, *, per_second: int) -> dict[str, str]:
    own = {"EMAIL": "smtp", "SMTP_URL": f"smtp://127.0.0.1:{port}"}
    return own | {"EMAIL_SLOTS": str(SLOTS), "EMAIL_RATE": str(per_second)}


def by_twilio(url: str, *, per_second: int) -> dict[str, str]:
    own = {"SMS": "twilio", "TWILIO_API_BASE_URL": url, "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "token"}
    return own | {"TWILIO_FROM": "+15005550006", "SMS_SLOTS": str(SLOTS), "SMS_RATE": str(per_second)}


def mailed(sink: Behaviour) -> Counter[str]:
    """How often each address received something."""
    return Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)


def addresses(people: int) -> set[str]:
    """Of the students of the engine room."""
    return {f"person{number}@mail.example" for number in range(1, people + 1)}


def mobiles() -> set[str]:
    """A number for everybody, at any hour, for any money."""
    number = sa.literal("+30691") + sa.func.substr(sa.cast(sa.literal(10_000_000) + col(Person.id), sa.String()), 2)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(mobile=number, mobile_region="GR"))
        own = school_table.settings(db)
        own.sms_from_hour, own.sms_until_hour, own.sms_per_day, own.sms_spend_per_day = 0, 24, 1_000_000, 1_000_000.0
        db.add(own)
        return set(db.scalars(sa.select(col(Person.mobile))))


def holds(times: Counter[str], everybody: set[str], campaign_id: int) -> set[str]:
    """Nobody twice, nobody lost, whoever is unknown is shown, the audit is intact; gives who is unknown."""
    became = statuses(campaign_id)
    unknown = {address for address, status in became.items() if status is MessageStatus.UNKNOWN}
    sent = {address for address, status in became.items() if status is MessageStatus.SENT}
    assert max(times.values()) == 1, "nobody twice"
    assert sent | unknown == everybody, "nobody lost, everybody accounted for"
    assert sent <= times.keys() <= everybody, "what is called sent has arrived"
    assert progress(campaign_id).total == len(everybody)
    everyone = Page(size=len(everybody))
    with database.reading() as db:
        shown, total = campaigns.outcome(db, SECRETARY, campaign_id=campaign_id, statuses=("unknown",), page=everyone)
        assert (set(shown["address"]), total) == (unknown, len(unknown)), "whoever is unknown is shown"
        assert audit.verify(db).broken_at is None
    return unknown


def statuses(campaign_id: int) -> dict[str, MessageStatus]:
    """By address."""
    query = sa.select(col(Message.address), col(Message.status)).where(col(Message.campaign_id) == campaign_id)
    with database.reading() as db:
        return {address: MessageStatus(status) for address, status in db.execute(query)}
