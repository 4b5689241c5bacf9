"""What a text message campaign will cost, before it is sent: segments of each text, times the price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Channel, SignInMethod
from core.rules import message_text, sms_text
from core.rules.message_text import Addressee
from core.tables import samples, school, sending, wordings
from core.tables.plans import Plan


@dataclass(frozen=True)
class SmsCost:
    """`cost` and `left` in `currency`: what it will cost about, and what may be spent still on the day it leaves."""

    segments: int
    cost: float
    left: float
    currency: str

    @property
    def is_covered(self) -> bool:
        return self.cost <= self.left + 0.005


def of(db: Session, plan: Plan, *, leaves_at: datetime) -> SmsCost:
    """Texts differ by language, way to sign in and length of the username: one of each is measured.

    Names in texts count as eight letters.
    """
    own = plan.school
    texts, place = wordings.texts(db, ids=plan.wording_ids), school.place(own)
    link, ends_at = f"{place.base_url}/i/{samples.LINK_THAT_OPENS_NOTHING}", clock.now() + timedelta(days=7)
    segments = 0
    for (language, microsoft, length), people in _alike(db, plan).items():
        to = Addressee("Eightlet", "", "x" * length, microsoft, language)
        password = samples.PASSWORD_THAT_OPENS_NOTHING
        text = message_text.render_sms(texts, to, place, password=password, link=link, ends_at=ends_at)
        segments += people * sms_text.measure(text).segments
    room = sending.room(db, own=own, channel=Channel.SMS, now=leaves_at)
    return SmsCost(segments, segments * own.sms_price, max(0.0, room.spend or 0.0), own.sms_currency)


def _alike(db: Session, plan: Plan) -> dict[tuple[str, bool, int], int]:
    """How many get a text of the same language, way to sign in and length."""
    language_of = dict(zip(plan.found.account_ids, plan.found.languages, strict=True))
    rows = sa.select(col(Account.id), col(Account.sign_in_method), sa.func.length(col(Account.username)))
    found: dict[tuple[str, bool, int], int] = {}
    for account_id, method, length in db.execute(rows):
        if account_id in language_of:
            kind = (language_of[account_id], method == SignInMethod.MICROSOFT, length)
            found[kind] = found.get(kind, 0) + 1
    return found
