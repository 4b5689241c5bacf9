"""The run of a day: unanswered invitations are sent again, as a campaign like any other.

One a day, whatever happens: the day is a row that only one transaction can insert, and the campaign and that row are
stored together. A second worker, a restart, or a clock that is set back finds the row.
"""

from __future__ import annotations

import logging
from datetime import date

from core import database
from core.models import CampaignKind
from core.permissions import standing_order
from core.services import campaigns, reminders
from core.services.drafts import Draft
from core.tables import school

ACTOR = standing_order("reminders")
DRAFT = Draft(kind=CampaignKind.REMINDER, again=True)  # how often is decided by days (tables.reminders)
logger = logging.getLogger(__name__)


def day_due() -> date | None:
    """The day whose run has to be made now, if it has not been.

    Where the outbox of a real school would only write them down, nothing is due: nobody would be reminded.
    """
    with database.reading() as db:
        return reminders.day_due(db) if campaigns.sends(school.settings(db)) else None


def run(day: date) -> int:
    """Launch the reminders of a day; gives the campaign, 0 when there is none to launch (any more)."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        if not campaigns.sends(school.settings(db)) or not reminders.take_turn(db, day=day):
            return 0
        check = campaigns.check(db, ACTOR, draft=DRAFT)
        if not check.receive:
            return 0
        launched = campaigns.launch(
            db, ACTOR, draft=DRAFT, seen=check.fingerprint, idempotency_key=_key(day), typed_count=check.receive
        )
        campaign_id = launched.id or 0
        reminders.note(db, day=day, campaign_id=campaign_id, reminded=check.receive, left_out=check.skipped)
    logger.info("reminders of %s: campaign %s, %s people", day, campaign_id, check.receive)
    return campaign_id


def _key(day: date) -> str:
    """From the day alone; without a hyphen, which the engine's names of batches use (workflows._ID)."""
    return f"reminders{day:%Y%m%d}"
