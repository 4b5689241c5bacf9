"""The school as a whole: its settings, and leaving the demo school for one's own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from core import clock, keys, models
from core.config import settings
from core.errors import Conflict, InputProblem
from core.models import Account, AuditEntry, AuditPruning, Message, Person, SchoolLogo, SchoolSettings
from core.permissions import Actor, Permission
from core.rules import logos, school_fields
from core.rules.setting_words import SETTINGS, TYPED
from core.services import audit, audit_anchors
from core.tables import account_roles


@dataclass(frozen=True)
class Emptied:
    """How much left with the demo school."""

    people: int
    accounts: int
    messages: int


def what_would_go(db: Session) -> Emptied:
    """What *Start with my own school* removes."""
    count = {model: db.exec(select(sa.func.count()).select_from(model)).one() for model in (Person, Account, Message)}
    return Emptied(count[Person], count[Account], count[Message])


def start_own(db: Session, actor: Actor, *, school_name: str) -> Emptied:
    """Remove the demo school, make a new key and end all sessions; refuses for a real school.

    Every old link, initial password and session is dead: their rows are gone and so is the key.
    """
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    school = db.get(SchoolSettings, 1, with_for_update=True)
    if school is None or not school.is_demo:
        raise Conflict("This is not the demo school. A school's own data is never emptied from here.")
    name = school_fields.school_name(school_name)
    gone = what_would_go(db)
    db.expunge_all()
    db.execute(sa.insert(AuditPruning).values(upto=2**31 - 1))  # of the demo nothing stays
    db.execute(sa.delete(AuditEntry))
    for table in reversed(models.metadata.sorted_tables):
        db.execute(sa.delete(table))
    db.add(SchoolSettings(id=1, school_name=name, is_demo=False))
    keys.replace()
    audit_anchors.set_aside()
    by = Actor(label=audit.name_of(actor), roles=actor.roles, ip=actor.ip)  # the account itself is gone
    audit.record(db, by, action="school.started", details={"people": gone.people, "accounts": gone.accounts})
    shutil.rmtree(settings().var_folder / "outbox", ignore_errors=True)
    return gone


def change_settings(
    db: Session, actor: Actor, *, changes: Mapping[str, Any], seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change what the school decides; gives the names of what changed and writes them to the audit.

    It tells numbers, switches and choices from what to what; of what somebody typed, only that it changed.
    `seen` is what the form was drawn from: refuses when somebody else changed any of it since.
    """
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    school = db.get(SchoolSettings, 1, with_for_update=True, populate_existing=True) or SchoolSettings()
    refuse_if_changed(school, seen or {})
    wanted = school_fields.checked(changes)
    first, until = (wanted.get(name, getattr(school, name)) for name in ("sms_from_hour", "sms_until_hour"))
    if first >= until:
        raise InputProblem("Text messages must be allowed for at least one hour of the day.", field="sms_until_hour")
    language, offered = (wanted.get(name, getattr(school, name)) for name in ("default_language", "languages"))
    if language not in offered:
        raise InputProblem("The language for those whose own is not known is one of the languages of the school.")
    changed = sorted(name for name, value in wanted.items() if getattr(school, name) != value)
    if "second_administrator_above" in changed and wanted["second_administrator_above"]:
        _refuse_without_second(db)
    told = {name: [_told(getattr(school, name)), _told(wanted[name])] for name in changed if name not in TYPED}
    for name in changed:
        setattr(school, name, wanted[name])
    db.add(school)
    if changed:
        details = {"fields": changed} | ({"changes": told} if told else {})
        audit.record(db, actor, action="settings.changed", object_kind="school", details=details)
    return changed


def _told(value: Any) -> Any:
    """As the audit keeps it: databases do not write fractions alike, and its seal is of the text."""
    return f"{value:.10g}" if isinstance(value, float) else value


def refuse_if_changed(now: SchoolSettings, seen: Mapping[str, Any]) -> None:
    """Refuse to save over what somebody else changed since it was seen."""
    meanwhile = [SETTINGS[name].label for name, value in seen.items() if getattr(now, name) != value]
    if meanwhile:
        raise Conflict(
            f"Somebody else changed this meanwhile: {', '.join(meanwhile)}. Nothing of yours was saved. "
            "The page shows what stands there now: make your change again, then save."
        )


def _refuse_without_second(db: Session) -> None:
    if account_roles.administrators(db) < 2:
        raise Conflict("There is only one administrator. Give another account that role first.")


def change_logo(db: Session, actor: Actor, *, content: bytes | None) -> None:
    """Put another picture onto paper, or none; what was uploaded is drawn anew and not kept."""
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    now = db.get(SchoolLogo, 1, with_for_update=True)
    if content is not None:
        known = now or SchoolLogo(content=b"", changed_at=clock.now())
        known.content, known.changed_at = logos.redrawn(content), clock.now()
        db.add(known)
    elif now is not None:
        db.delete(now)
    action = "logo.removed" if content is None else "logo.changed"
    audit.record(db, actor, action=action, object_kind="school")
