"""The texts of messages: versioned, so that a campaign keeps the one that was checked."""

from __future__ import annotations

from sqlmodel import Session, select

from core import clock
from core.config import ROOT
from core.models import Wording
from core.rules import wording, wording_checks

_FOLDER = ROOT / "data" / "wordings"


def ensure_defaults(db: Session) -> None:
    """Store the texts that come with Firstkey as version 1 where a kind, channel and language has none."""
    known = set(db.exec(select(Wording.kind, Wording.channel, Wording.language)))
    for path in sorted(_FOLDER.glob("*.md")):
        kind, channel, language, _suffix = path.name.split(".")
        if (kind, channel, language) not in known:
            subject, body = wording.read(path.read_text(encoding="utf-8"))
            db.add(_version(kind, channel, language, 1, subject, body))
    db.flush()


def _version(kind: str, channel: str, language: str, version: int, subject: str, body: str) -> Wording:
    wording_checks.check(subject, body, kind=kind, channel=channel)
    return Wording(
        kind=kind,
        channel=channel,
        language=language,
        version=version,
        subject=subject,
        body=body,
        created_at=clock.now(),
    )
