"""Answers forgotten passwords in the engine, where nobody can measure how long it takes (R22)."""

from __future__ import annotations

from core import database
from core.services import recovery
from core.tables import unfinished


def answer(account_id: int) -> list[str | int]:
    """Queue the link if there is one to send: the key and id of its campaign, else nothing."""
    if not account_id:
        return []
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        campaign_id = recovery.answer(db, account_id=account_id)
        key = unfinished.key_of(db, campaign_id=campaign_id) if campaign_id else None
    return [key, campaign_id] if key and campaign_id else []
