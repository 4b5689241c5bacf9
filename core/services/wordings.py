"""The texts of messages: versioned, so that a campaign keeps the one that was checked."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, col, select

from core import clock
from core.config import ROOT
from core.errors import Conflict, InputProblem, NotFound
from core.models import Channel, Wording
from core.permissions import Actor, Permission
from core.rules import message_text, sms_text, wording, wording_checks
from core.rules.message_text import Addressee, Place
from core.services import audit
from core.tables import samples, school

FOLDER = ROOT / "data" / "wordings"
SEGMENTS_AT_MOST = 2  # for a text with credentials (R79)
LONG_USERNAME = "papadopoulou.alexandra01"


def ensure_defaults(db: Session) -> None:
    """Store the texts that come with Firstkey as version 1 where a kind, channel and language has none."""
    known = set(db.exec(select(Wording.kind, Wording.channel, Wording.language)))
    for path in sorted(FOLDER.glob("*.md")):
        kind, channel, language, _suffix = path.name.split(".")
        if (kind, channel, language) not in known:
            subject, body = _default(path)
            db.add(_version(kind, channel, language, 1, subject, body))
    db.flush()


def save(
    db: Session, actor: Actor, *, kind: str, channel: str, language: str, seen: int, subject: str, body: str
) -> Wording:
    """Follow version `seen` with a new one; campaigns that were launched keep theirs.

    Refuses with Conflict when somebody has saved another one since.
    """
    actor.require(Permission.CHANGE_SETTINGS)
    latest = _latest(db, kind, channel, language)
    if latest.version != seen:
        raise Conflict("Somebody has saved another version meanwhile. Look at it, then change yours.")
    text = body.replace("\r\n", "\n").strip() + "\n"
    if (latest.subject, latest.body) == (subject.strip(), text):
        raise InputProblem("Nothing has changed.", field="body")
    made = _version(kind, channel, language, seen + 1, subject.strip(), text)
    if channel == Channel.SMS:
        _refuse_long(db, made)
    db.add(made)
    db.flush()
    details = {"kind": kind, "channel": channel, "language": language, "version": made.version}
    audit.record(db, actor, action="wording.changed", object_kind="wording", object_id=made.id, details=dict(details))
    return made


def default(kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject and body of the text that comes with Firstkey."""
    path = FOLDER / f"{kind}.{channel}.{language}.md"
    if (kind, channel) not in wording_checks.RULES or not path.exists():
        raise NotFound("There is no such text.")
    return _default(path)


def example_sms(db: Session, *, body: str, microsoft: bool, language: str, username: str = LONG_USERNAME) -> str:
    """A text message as a person with a long username would get it."""
    own = school.settings(db)
    place: Place = school.place(own)
    name = f"{language}.microsoft" if microsoft else language
    to = Addressee("Alexandra", "Papadopoulou", username, microsoft, language)
    link = f"{place.base_url}/i/{samples.LINK_THAT_OPENS_NOTHING}"
    texts = {"en": _Body(body), language: _Body(body), name: _Body(body)}
    password = samples.PASSWORD_THAT_OPENS_NOTHING
    return message_text.render_sms(texts, to, place, password=password, link=link, ends_at=clock.now())


class _Body:
    """A text that is not stored yet."""

    def __init__(self, body: str) -> None:
        self.subject, self.body = "", body


def _refuse_long(db: Session, made: Wording) -> None:
    text = example_sms(db, body=made.body, microsoft="microsoft" in made.kind, language=made.language)
    measured = sms_text.measure(text)
    if measured.segments > SEGMENTS_AT_MOST:
        raise InputProblem(
            f"With a long username this text takes {measured.segments} segments ({measured.encoding}), and at most "
            f"{SEGMENTS_AT_MOST} are allowed. Shorten it.",
            field="body",
        )


def _latest(db: Session, kind: str, channel: str, language: str) -> Wording:
    mine = select(Wording).where(Wording.kind == kind, Wording.channel == channel, Wording.language == language)
    found = db.exec(mine.order_by(col(Wording.version).desc()).with_for_update()).first()
    if found is None:
        raise NotFound("There is no such text.")
    return found


def _default(path: Path) -> tuple[str, str]:
    return wording.read(path.read_text(encoding="utf-8"))


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
