"""Who would get which message and who would not: read in one go for the check, and again for the launch."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.config import command
from core.errors import InputProblem
from core.models import CampaignKind, SchoolSettings
from core.rules.words import SENT_SINCE
from core.tables import recipients, school, wordings
from core.tables.recipients import Languages, Lately, Recipients, Wanted

# Texts that stand beside the one of a kind, for some of its people: kind -> (name in the campaign, kind of the text).
BESIDE = {
    CampaignKind.INITIAL_INVITATION: ("family", CampaignKind.FAMILY_INVITATION),
    CampaignKind.INITIAL_CREDENTIALS: ("microsoft", CampaignKind.INITIAL_CREDENTIALS_MICROSOFT),
}


@dataclass(frozen=True)
class Options:
    """What is to be sent: `by_family` one message to an address for all its people, `again` to those of today too.

    `retry_of`: to those whom a campaign failed to reach; who was sent the same since then is left out in any case.
    """

    kind: str
    channel: str
    by_family: bool = False
    again: bool = False
    retry_of: int | None = None


@dataclass(frozen=True)
class Plan:
    """`digest` stands for all of it: who, which address, which wording. `lately`: who was sent the same already.

    `skipped`: how many get nothing, by the codes of words.GETS_NOTHING.
    """

    found: Recipients
    skipped: dict[str, int]
    lately: Lately | None
    wording_ids: dict[str, int]
    digest: str
    school: SchoolSettings
    by_family: bool

    @property
    def messages(self) -> int:
        return len(set(self.found.addresses)) if self.by_family else len(self.found)

    @property
    def shared(self) -> Counter[str]:
        """The addresses of several people, with how many each."""
        times = Counter(self.found.addresses)
        return Counter({address: number for address, number in times.items() if number > 1})


def read(db: Session, *, options: Options, account_ids: sa.Select[Any]) -> Plan:
    """What a launch would do at this moment."""
    own, wording_ids = school.settings(db), texts(db, kind=options.kind, channel=options.channel)
    wanted = Wanted(account_ids, options.channel, school.policy(own))
    # In a retry the failed try itself ended what was sent before it: only what came after it counts.
    if options.retry_of is None:
        lately = recipients.lately(db, wanted, kind=options.kind)
        without = recipients.written_to_lately(options.kind, options.channel) if lately and not options.again else None
    else:
        lately, without = None, recipients.sent_since(options.retry_of)
    languages = Languages(own.default_language, frozenset(name for name in wording_ids if "." not in name))
    found, refused = recipients.told_apart(db, wanted, languages=languages, without=without)
    digest = _digest(found, [wording_ids, options.by_family, recipients.latest_message(db, account_ids=account_ids)])
    return Plan(found, refused | _had_since(db, wanted, options), lately, wording_ids, digest, own, options.by_family)


def _had_since(db: Session, wanted: Wanted, options: Options) -> dict[str, int]:
    """In a retry, how many had the same since it was tried."""
    if options.retry_of is None:
        return {}
    since = recipients.of_reason(wanted, SENT_SINCE, kind=options.kind, retry_of=options.retry_of)
    number = recipients.number_of(db, wanted, since)
    return {SENT_SINCE: number} if number else {}


def texts(db: Session, *, kind: str, channel: str) -> dict[str, int]:
    """The newest text per language, and those beside it as "en.family", "en.microsoft"."""
    found = wordings.newest(db, kind=kind, channel=channel)
    if "en" not in found:
        raise InputProblem(f"The texts of the messages are missing. Run: {command('init')}")
    if kind in BESIDE:
        name, other = BESIDE[CampaignKind(kind)]
        beside = wordings.newest(db, kind=other, channel=channel)
        found |= {f"{language}.{name}": number for language, number in beside.items()}
    return found


def _digest(found: Recipients, facts: list[object]) -> str:
    """What the sender saw and what is sent must be the same.

    The latest message that any of them got makes the check after a launch another one than before it.
    """
    rows = "".join(f"{recipient.account_id}|{recipient.address}|{recipient.language}\n" for recipient in found)
    return hashlib.sha256(f"{json.dumps(facts, sort_keys=True)}\n{rows}".encode()).hexdigest()
