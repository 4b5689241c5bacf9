"""A code that nobody has yet, in the manner of the codes that were given last."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person, PersonKind

_NUMBERED = re.compile(r"([A-Za-z]{0,4}-?)(\d{1,9})")
_FIRST_LETTER = {PersonKind.STUDENT: "S", PersonKind.GUARDIAN: "G", PersonKind.STAFF: "T"}
_LOOKED_AT, _TRIED = 20, 50


def free(db: Session, *, kind: str) -> str:
    """The number after the latest code of this kind, else a letter with a number of its own."""
    highest = db.scalar(sa.select(sa.func.max(col(Person.id)))) or 0
    latest = sa.select(col(Person.source_id)).where(col(Person.kind) == kind, col(Person.id) > highest - 1000)
    for code in db.scalars(latest.order_by(col(Person.id).desc()).limit(_LOOKED_AT)):
        numbered = _NUMBERED.fullmatch(code)
        if numbered and (found := _next(db, kind, numbered[1], numbered[2])):
            return found
    return _next(db, kind, _FIRST_LETTER[PersonKind(kind)], f"{highest:05}") or f"N-{highest + 1}"


def _next(db: Session, kind: str, letters: str, digits: str) -> str:
    tried = [f"{letters}{int(digits) + step:0{len(digits)}}" for step in range(1, _TRIED)]
    query = sa.select(col(Person.source_id)).where(col(Person.kind) == kind, col(Person.source_id).in_(tried))
    taken = set(db.scalars(query))
    return next((code for code in tried if code not in taken), "")
