"""Who would get which message and who would not: read in one go for the check, and again for the launch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.errors import InputProblem
from core.models import SchoolSettings
from core.rules.reachability import Refusal
from core.tables import recipients, school, wordings
from core.tables.recipients import Languages, Recipient


@dataclass(frozen=True)
class Plan:
    """`digest` stands for all of it: who, which address, which wording."""

    found: list[Recipient]
    skipped: dict[Refusal, int]
    wording_ids: dict[str, int]
    digest: str
    school: SchoolSettings


def read(db: Session, *, kind: str, channel: str, account_ids: sa.Select[Any]) -> Plan:
    """What a launch would do at this moment."""
    own, wording_ids = school.settings(db), wordings.newest(db, kind=kind, channel=channel)
    if "en" not in wording_ids:
        raise InputProblem("The texts of the messages are missing. Run: python -m core.manage init")
    policy, languages = school.policy(own), Languages(own.default_language, frozenset(wording_ids))
    found = recipients.reached(db, account_ids=account_ids, policy=policy, languages=languages)
    skipped = recipients.skipped(db, account_ids=account_ids, policy=policy)
    digest = _digest(found, wording_ids, recipients.latest_message(db, account_ids=account_ids))
    return Plan(found, skipped, wording_ids, digest, own)


def _digest(found: Sequence[Recipient], wording_ids: dict[str, int], latest_message: int) -> str:
    """What the sender saw and what is sent must be the same.

    The latest message that any of them got makes the check after a launch another one than before it.
    """
    rows = "".join(f"{recipient.account_id}|{recipient.address}|{recipient.language}\n" for recipient in found)
    head = json.dumps([wording_ids, latest_message], sort_keys=True)
    return hashlib.sha256(f"{head}\n{rows}".encode()).hexdigest()
