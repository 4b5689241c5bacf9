"""The texts of messages: versioned, so that a campaign keeps the one that was checked."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, select

from core import clock
from core.config import ROOT
from core.models import CampaignKind, Channel, Wording
from core.rules import wording

_FOLDER = ROOT / "data" / "wordings"


def ensure_defaults(db: Session) -> None:
    """Store the texts that come with Firstkey as version 1 where a kind, channel and language has none."""
    known = set(db.exec(select(Wording.kind, Wording.language).where(Wording.channel == Channel.EMAIL)))
    for path in sorted(_FOLDER.glob("*.md")):
        kind, language = _named(path)
        if (kind, language) not in known:
            subject, body = wording.read(path.read_text(encoding="utf-8"))
            wording.check(subject, body, has_key=kind != CampaignKind.ADDRESS_CHANGED)
            stored = Wording(
                kind=kind,
                channel=Channel.EMAIL,
                language=language,
                version=1,
                subject=subject,
                body=body,
                created_at=clock.now(),
            )
            db.add(stored)
    db.flush()


def _named(path: Path) -> tuple[str, str]:
    kind, language, _suffix = path.name.split(".")
    return CampaignKind(kind), language
