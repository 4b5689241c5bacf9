"""From SQL to DataFrames: masks, rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session

from core.permissions import Actor, Permission


def frame(db: Session, rows: sa.Select[Any], ids: Sequence[int]) -> pd.DataFrame:
    """The rows as a DataFrame in the order of `ids`; the first column is `id`."""
    result = db.connection().execute(rows)
    found = pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
    place = {row_id: index for index, row_id in enumerate(ids)}
    return found.sort_values("id", key=lambda column: column.map(place), ignore_index=True)


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
