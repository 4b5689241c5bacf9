"""The school's own settings, and what follows from them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, config
from core.database import KEPT
from core.errors import NotAllowed
from core.models import Channel, SchoolLogo, SchoolSettings, UserType, metadata
from core.permissions import Actor
from core.rules.message_text import Place
from core.rules.reachability import Policy

_ROW = sa.select(metadata.tables["school_settings"]).where(col(SchoolSettings.id) == 1).execution_options(**KEPT)
_latest: tuple[Any, SchoolSettings] | None = None


def settings(db: Session) -> SchoolSettings:
    """The school's settings; a database without any has the defaults. They are changed by services.school alone.

    The session holds them: its own memory of rows forgets at once what nobody holds, and every question asks for them.
    """
    if db.get_bind().get_execution_options().get("reading"):
        stored = db.info.get("school") or _read(db)
    else:
        stored = db.get(SchoolSettings, 1)
    if stored is not None:
        db.info["school"] = stored
    known = stored or SchoolSettings()
    clock.is_in(known.time_zone)
    return known


def _read(db: Session) -> SchoolSettings | None:
    """Those of the last time, while their row still says the same: to make them of it takes five times as long.

    All threads share them, so nobody may change what a reader is given.
    """
    global _latest
    known = _latest
    result: Any = db.connection().execute(_ROW)
    said = result.cursor.fetchone()  # as the driver gives it
    result.close()
    if said is None:
        return None
    if known is None or known[0] != said:
        stored = db.get_one(SchoolSettings, 1)
        db.expunge(stored)
        known = _latest = said, stored
    return known[1]


def logo(db: Session) -> bytes:
    """The school's logo as a PNG, empty when there is none."""
    known = db.get(SchoolLogo, 1)
    return known.content if known else b""


def policy(school: SchoolSettings) -> Policy:
    """What the school has decided about reaching people."""
    types = frozenset(school.microsoft_user_types) if school.microsoft else frozenset()
    order, grades = tuple(school.sms_number_order), frozenset(school.sms_guardian_grades)
    registered = frozenset(school.registered_statuses)
    return Policy(types, frozenset(school.allowed_regions), order, grades, registered)


def shortest_password(school: SchoolSettings, user_type: str) -> int:
    """How long a password of such an account must be."""
    return school.password_lengths.get(user_type) or general_length(school, user_type)


def general_length(school: SchoolSettings, user_type: str) -> int:
    """How long it must be where the school names no number for the user type."""
    staff = user_type not in (UserType.STUDENT, UserType.GUARDIAN)
    return school.staff_password_length if staff else school.password_length


def pause_after(school: SchoolSettings, channel: str) -> int:
    """How many failures in a row pause a campaign by this channel."""
    return school.sms_pause_after_failures if channel == Channel.SMS else school.pause_after_failures


def require_first_password_shown(db: Session, actor: Actor) -> None:
    """Refuse where the school does not show first passwords to its staff."""
    if not settings(db).show_first_password:
        raise NotAllowed(
            "This school does not show first passwords to staff. Hand over a link instead: send the invitation, copy a "
            "link, or print slips with links only. An administrator decides it in Settings.",
            by=actor,
        )


def place(school: SchoolSettings) -> Place:
    """Where messages come from. Their links are built from the configured address and nothing else (R18)."""
    return Place(school.school_name, school.help_contact, school.time_zone, config.settings().base_url)
