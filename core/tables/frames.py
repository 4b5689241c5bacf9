"""From SQL to DataFrames: masks, rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session

from core.models.columns import UtcDateTime
from core.permissions import Actor, Permission

NOW = sa.bindparam("now", type_=UtcDateTime())
IDS: sa.BindParameter[Sequence[int]] = sa.bindparam("ids", expanding=True)


def frame(db: Session, rows: sa.Select[Any], ids: Sequence[int], *, now: datetime) -> pd.DataFrame:
    """The rows of these IDS at NOW as a DataFrame, in the order of `ids`; the first column is `id`."""
    result = db.connection().execute(rows, {"ids": list(ids), "now": now})
    place = {row_id: index for index, row_id in enumerate(ids)}
    found = sorted(map(tuple, result), key=lambda row: place[row[0]])
    return pd.DataFrame(found, columns=list(result.keys()), dtype=object)


def mask_contacts(found: pd.DataFrame, actor: Actor, columns: Sequence[str]) -> pd.DataFrame:
    """Without the permission, only enough of an address to recognise it (R61)."""
    if actor.may(Permission.SEE_CONTACTS):
        return found
    return found.assign(**{name: found[name].map(masked) for name in columns})


def masked(address: str | None) -> str:
    """m…@school.example, +30…78."""
    if not address:
        return ""
    if "@" in address:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}"
    return f"{address[:3]}…{address[-2:]}"
