"""Addresses whose owners want no messages any more (R88)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import Session

from core import clock
from core.models import Channel
from core.models.columns import UtcDateTime
from core.rules.texted_answers import Wish

# Both databases know this form; a second word about the same address is nothing new.
_ADD = sa.text(
    "INSERT INTO opt_out (channel, address, since) VALUES (:channel, :address, :since) ON CONFLICT DO NOTHING"
).bindparams(bindparam("since", type_=UtcDateTime()))
_END = sa.text("DELETE FROM opt_out WHERE channel = :channel AND address = :address")
_HEARD = sa.text(
    "INSERT INTO delivery_event (channel, provider_id, reference, status, code, received_at, applied_at) "
    "VALUES (:channel, :provider_id, '', :wish, '', :now, :now) ON CONFLICT DO NOTHING"
).bindparams(bindparam("now", type_=UtcDateTime()))


def record(db: Session, *, channel: str, address: str) -> None:
    """Write to this address no more until its owner says otherwise: they have told the provider so."""
    db.connection().execute(_ADD, {"channel": channel, "address": address, "since": clock.now()})


def heed(db: Session, *, provider_id: str, number: str, wish: Wish) -> None:
    """A text from this number asks for no more of them, or for them again; a replay changes nothing (R83).

    Every opt-out of a number was such a text, also where we heard of it by an error: so START ends any.
    """
    heard = {"channel": Channel.SMS.value, "provider_id": provider_id, "wish": wish.value, "now": clock.now()}
    if not db.connection().execute(_HEARD, heard).rowcount:
        return
    if wish is Wish.STOP:
        record(db, channel=Channel.SMS, address=number)
    else:
        db.connection().execute(_END, {"channel": Channel.SMS.value, "address": number})
