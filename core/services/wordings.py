"""The texts of messages: versioned, so that a campaign keeps the one that was checked."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, col, select

from core import clock
from core.config import ROOT, settings
from core.errors import Conflict, InputProblem, NotFound
from core.models import CampaignKind, Channel, Wording
from core.permissions import Actor, Permission
from core.rules import message_text, sms_text, wording, wording_checks
from core.rules.message_text import Addressee, Place
from core.services import audit
from core.tables import samples, school

FOLDER = ROOT / "data" / "wordings"
SEGMENTS_AT_MOST = 2  # for a text with credentials (R79)
LONG_USERNAME = "papadopoulou.alexandra01"
LONG_ADDRESS = f"{LONG_USERNAME}@school.example"


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
    actor.require_fresh()
    latest = _latest(db, kind, channel, language)
    if latest.version != seen:
        raise Conflict("Somebody has saved another version meanwhile. Look at it, then change yours.")
    subject, body = tidy(subject, body)
    if (latest.subject, latest.body) == (subject, body):
        raise InputProblem("Nothing has changed.", field="body")
    check(db, kind=kind, channel=channel, language=language, subject=subject, body=body)
    made = _version(kind, channel, language, seen + 1, subject, body)
    db.add(made)
    db.flush()
    details = {"kind": kind, "channel": channel, "language": language, "version": made.version}
    audit.record(db, actor, action="wording.changed", object_kind="wording", object_id=made.id, details=dict(details))
    return made


def tidy(subject: str, body: str) -> tuple[str, str]:
    """As they are stored."""
    return subject.strip(), body.replace("\r\n", "\n").strip() + "\n"


def check(db: Session, *, kind: str, channel: str, language: str, subject: str, body: str) -> None:
    """Refuse what could not be saved; a text message is measured with the school's own name and address."""
    wording_checks.check(subject, body, kind=kind, channel=channel, home=settings().base_url)
    if channel == Channel.SMS:
        _refuse_long(example_sms(db, kind=kind, language=language, body=body))


def default(kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject and body of the text that comes with Firstkey."""
    path = FOLDER / f"{kind}.{channel}.{language}.md"
    if (kind, channel) not in wording_checks.RULES or not path.exists():
        raise NotFound("There is no such text.")
    return _default(path)


def example_sms(db: Session, *, kind: str, language: str, body: str) -> str:
    """A text message as a person with a long username would get it."""
    place: Place = school.place(school.settings(db))
    microsoft = kind == CampaignKind.INITIAL_CREDENTIALS_MICROSOFT
    name = f"{language}.microsoft" if microsoft else language
    to = Addressee("Alexandra", "Papadopoulou", LONG_ADDRESS if microsoft else LONG_USERNAME, microsoft, language)
    link = f"{place.base_url}/i/{samples.LINK_THAT_OPENS_NOTHING}"
    texts = {language: _Body(body), name: _Body(body)}
    password = samples.PASSWORD_THAT_OPENS_NOTHING
    return message_text.render_sms(texts, to, place, password=password, link=link, ends_at=clock.now())


class _Body:
    """A text that is not stored yet."""

    def __init__(self, body: str) -> None:
        self.subject, self.body = "", body


def _refuse_long(text: str) -> None:
    measured = sms_text.measure(text)
    if measured.segments > SEGMENTS_AT_MOST:
        raise InputProblem(
            f"With a long username this text takes {measured.segments} segments ({measured.encoding}), and at most "
            f"{SEGMENTS_AT_MOST} are allowed. Shorten it, for instance with a short name in place of {{school}}.",
            field="body",
        )


def _latest(db: Session, kind: str, channel: str, language: str) -> Wording:
    """The newest version. Who saves holds the first one: whoever waited for it then reads what they stored."""
    mine = select(Wording).where(Wording.kind == kind, Wording.channel == channel, Wording.language == language)
    db.exec(mine.where(Wording.version == 1).with_for_update()).first()
    found = db.exec(mine.order_by(col(Wording.version).desc())).first()
    if found is None:
        raise NotFound("There is no such text.")
    return found


def _default(path: Path) -> tuple[str, str]:
    return wording.read(path.read_text(encoding="utf-8"))


def _version(kind: str, channel: str, language: str, version: int, subject: str, body: str) -> Wording:
    wording_checks.check(subject, body, kind=kind, channel=channel, home=settings().base_url)
    return Wording(
        kind=kind,
        channel=channel,
        language=language,
        version=version,
        subject=subject,
        body=body,
        created_at=clock.now(),
    )
