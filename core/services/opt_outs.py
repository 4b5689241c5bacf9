"""Addresses whose owners want no messages any more (R88)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import Session

from core import clock
from core.models.columns import UtcDateTime

# Both databases know this form; a second word about the same address is nothing new.
_ADD = sa.text(
    "INSERT INTO opt_out (channel, address, since) VALUES (:channel, :address, :since) ON CONFLICT DO NOTHING"
).bindparams(bindparam("since", type_=UtcDateTime()))


def record(db: Session, *, channel: str, address: str) -> None:
    """Never write to this address again: its owner has told the provider so."""
    db.connection().execute(_ADD, {"channel": channel, "address": address, "since": clock.now()})
