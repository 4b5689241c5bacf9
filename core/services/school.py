"""The school as a whole: its settings, and leaving the demo school for one's own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
import sqlalchemy as sa
from sqlmodel import Session, select

from core import keys, models
from core.config import settings
from core.errors import Conflict, InputProblem
from core.models import Account, Message, Person, SchoolSettings, UserType
from core.permissions import Actor, Permission
from core.rules import username_pattern
from core.services import audit


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
    school = db.get(SchoolSettings, 1, with_for_update=True)
    if school is None or not school.is_demo:
        raise Conflict("This is not the demo school. A school's own data is never emptied from here.")
    name = _school_name(school_name)
    gone = what_would_go(db)
    db.expunge_all()
    for table in reversed(models.metadata.sorted_tables):
        db.execute(sa.delete(table))
    db.add(SchoolSettings(id=1, school_name=name, is_demo=False))
    keys.replace()
    by = Actor(label=audit.name_of(actor), roles=actor.roles, ip=actor.ip)  # the account itself is gone
    audit.record(db, by, action="school.started", details={"people": gone.people, "accounts": gone.accounts})
    shutil.rmtree(settings().var_folder / "outbox", ignore_errors=True)
    return gone


def change_settings(db: Session, actor: Actor, *, changes: Mapping[str, Any]) -> list[str]:
    """Change what the school decides; gives the names of what changed and writes them to the audit."""
    actor.require(Permission.CHANGE_SETTINGS)
    school = db.get(SchoolSettings, 1, with_for_update=True) or SchoolSettings()
    wanted = _checked(changes)
    changed = sorted(name for name, value in wanted.items() if getattr(school, name) != value)
    for name in changed:
        setattr(school, name, wanted[name])
    db.add(school)
    if changed:
        audit.record(db, actor, action="settings.changed", object_kind="school", details={"fields": changed})
    return changed


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(changes)
    unknown = wanted.keys() - _CHECKS.keys()
    if unknown:
        raise InputProblem(f"There is no such setting: {', '.join(sorted(unknown))}.")
    return {name: _CHECKS[name](value) for name, value in wanted.items()}


def _school_name(value: str) -> str:
    name = " ".join(value.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InputProblem("The school's name has 1 to 100 letters. Type it as it should stand in messages.")
    return name


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise InputProblem(
            f"There is no time zone “{value[:60]}”. Choose one from the list, for instance Europe/Athens."
        )
    return str(ZoneInfo(value))


def _region(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise InputProblem("Choose a country from the list.")
    return value


def _regions(value: list[str]) -> list[str]:
    if not value:
        raise InputProblem("Allow at least one country, or nobody can get an SMS.")
    return sorted({_region(region) for region in value})


def _user_types(value: list[str]) -> list[str]:
    return sorted({UserType(user_type) for user_type in value})


def _between(low: int, high: int, what: str) -> Any:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise InputProblem(f"{what} must be between {low} and {high}.")
        return value

    return check


def _language(value: str) -> str:
    if value not in ("en", "el"):
        raise InputProblem("Messages can be in English or Greek.")
    return value


def _username_pattern(value: str) -> str:
    username_pattern.read(value)
    return value.strip()


def _help_contact(value: str) -> str:
    text = " ".join(value.split())
    if len(text) > 200:
        raise InputProblem("Keep the help contact under 200 letters.")
    return text


_CHECKS: dict[str, Any] = {
    "school_name": _school_name,
    "time_zone": _time_zone,
    "default_language": _language,
    "default_region": _region,
    "allowed_regions": _regions,
    "help_contact": _help_contact,
    "microsoft": bool,
    "microsoft_user_types": _user_types,
    "link_days": _between(1, 30, "The days a link lasts"),
    "password_length": _between(8, 64, "The shortest password"),
    "staff_password_length": _between(8, 64, "The shortest password of staff"),
    "username_pattern": _username_pattern,
    "username_suffix": username_pattern.ending,
}
