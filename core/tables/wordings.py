"""The texts of messages, as campaigns use them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from core.models import Wording
from core.tables import school


def newest(db: Session, *, kind: str, channel: str) -> dict[str, int]:
    """The id of the newest version per language. What the school does not write stands for its default language."""
    query = select(Wording.language, Wording.id).where(Wording.kind == kind, Wording.channel == channel)
    known = {language: number or 0 for language, number in db.exec(query.order_by(col(Wording.version)))}
    own = school.settings(db)
    instead = known.get(own.default_language)
    return {name: number if name in own.languages or instead is None else instead for name, number in known.items()}


def texts(db: Session, *, ids: Mapping[str, int]) -> dict[str, Wording]:
    """The frozen wordings under the names that a campaign has for them: "en", "en.family"."""
    rows = db.exec(select(Wording).where(col(Wording.id).in_(list(ids.values()))))
    found = {row.id: row for row in rows}
    return {name: found[number] for name, number in ids.items() if number in found}


def history(db: Session, *, kind: str, channel: str, language: str) -> list[Wording]:
    """All versions of a text, the newest first."""
    mine = select(Wording).where(Wording.kind == kind, Wording.channel == channel, Wording.language == language)
    return list(db.exec(mine.order_by(col(Wording.version).desc())))


def languages(db: Session, *, kind: str, channel: str) -> list[str]:
    """The languages that there is a text in."""
    return sorted(newest(db, kind=kind, channel=channel))
