"""The first administrator: a one-time link, printed where Firstkey was started. Nobody has a default password (R30)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.config import settings
from core.errors import InputProblem, TokenRejected
from core.models import Account, AccountRole, Person, PersonKind, PersonStatus, SchoolSettings, SetupToken, UserType
from core.permissions import Actor, Role
from core.rules import passwords, person_facts, usernames
from core.rules.contact_data import email_is_valid
from core.rules.words import OBJECTION
from core.services import audit
from core.tables import school

VALID_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Administrator:
    """What the form asks for."""

    first_name: str
    last_name: str
    email: str
    username: str
    password: str = field(repr=False)
    school_name: str = ""


def new_link(db: Session) -> str:
    """A link that creates an administrator, once, within a day. Older ones end."""
    token = secrets.token_urlsafe(24)
    db.execute(sa.delete(SetupToken))
    db.add(SetupToken(token_hash=_hash(token), expires_at=clock.now() + VALID_FOR))
    return f"{settings().base_url}/setup/{token}"


def is_live(db: Session, *, token: str) -> bool:
    """Whether the link still works; reads only."""
    row = db.get(SetupToken, _hash(token))
    return row is not None and row.used_at is None and row.expires_at > clock.now()


def check(db: Session, *, wanted: Administrator) -> Administrator:
    """Everything that can be wrong with the form, said before anything happens; gives the form tidied."""
    tidy = Administrator(
        " ".join(wanted.first_name.split()),
        " ".join(wanted.last_name.split()),
        wanted.email.strip(),
        wanted.username.strip(),
        wanted.password,
        " ".join(wanted.school_name.split()),
    )
    for name, value in (("first_name", tidy.first_name), ("last_name", tidy.last_name)):
        if not value or len(value) > 100 or not value.isprintable():
            raise InputProblem("Type your first and last name, as they should stand in the lists.", field=name)
    if len(tidy.school_name) > 100 or not tidy.school_name.isprintable():
        raise InputProblem("Type the school's name as it should stand in messages, in up to 100 letters.")
    if not email_is_valid(tidy.email):
        raise InputProblem("This e-mail address is not valid. Check it letter by letter.", field="email")
    if not 3 <= len(tidy.username) <= 60 or any(c.isspace() or not c.isprintable() for c in tidy.username):
        raise InputProblem("A username has 3 to 60 letters and no spaces.", field="username")
    about = (tidy.first_name, tidy.last_name, tidy.username, tidy.school_name)
    shortest = school.shortest_password(school.settings(db), UserType.ADMINISTRATOR)
    opinion = passwords.judge(tidy.password, shortest=shortest, about=about)
    if not opinion.accepted:
        raise InputProblem(OBJECTION[opinion.objections[0]], field="password")
    return tidy


def create_administrator(db: Session, visitor: Actor, *, token: str, wanted: Administrator, password_hash: str) -> None:
    """Use the link up and create the administrator, in one transaction; `wanted` has passed `check`."""
    now = clock.now()
    live = (col(SetupToken.used_at).is_(None), col(SetupToken.expires_at) > now)
    use = sa.update(SetupToken).where(col(SetupToken.token_hash) == _hash(token), *live).values(used_at=now)
    if db.execute(use).rowcount != 1:  # type: ignore[attr-defined]
        raise TokenRejected("used")
    key = usernames.key(wanted.username)
    if db.scalar(sa.select(sa.func.count()).select_from(Account).where(col(Account.username_key) == key)):
        raise InputProblem("Somebody has this username already. Choose another one.", field="username")
    person = _person(db, wanted)
    account = Account(
        person_id=person.id or 0,
        user_type=UserType.ADMINISTRATOR,
        username=wanted.username,
        username_key=key,
        password_hash=password_hash,
        password_changed_at=now,
        created_at=now,
        verified_at=now,
    )
    db.add(account)
    db.flush()
    db.add(AccountRole(account_id=account.id or 0, role=Role.ADMINISTRATOR, everybody=True))
    _name_school(db, wanted.school_name)
    audit.record(db, visitor, action="administrator.created", object_kind="account", object_id=account.id)


def _person(db: Session, wanted: Administrator) -> Person:
    now, region = clock.now(), school.settings(db).default_region
    values: dict[str, Any] = {
        "source_id": f"admin-{secrets.token_hex(4)}",
        "first_name": wanted.first_name,
        "middle_name": "",
        "last_name": wanted.last_name,
        "personal_email": "",
        "contact_email": wanted.email,
        "external_email": "",
        "mobile": "",
        "phone": "",
    }
    values |= person_facts.derived(values, default_region=region)
    person = Person(kind=PersonKind.STAFF, status=PersonStatus.ACTIVE, created_at=now, updated_at=now, **values)
    db.add(person)
    db.flush()
    return person


def _name_school(db: Session, name: str) -> None:
    row = db.get(SchoolSettings, 1) or SchoolSettings()
    if name and not row.is_demo:
        row.school_name = name[:100]
    db.add(row)


def _hash(token: str) -> str:
    return hashlib.sha256(b"firstkey setup" + token.encode()).hexdigest()
