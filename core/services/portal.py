"""What people see and change of their own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.database import KEPT
from core.errors import InputProblem, NotFound
from core.models import Account, Guardianship, Person, Section, SignInMethod, Superseded
from core.permissions import Actor, Permission
from core.rules import passwords
from core.rules.words import OBJECTION
from core.services import audit, invitations
from core.tables import school

# Made once, and of columns: whole rows took three times as long, and everybody begins with this page.
_OWN = (
    sa.select(*(col(getattr(Account, name)) for name in ("username", "sign_in_method", "user_type", "last_sign_in_at")))
    .add_columns(
        *(col(getattr(Person, name)) for name in ("first_name", "middle_name", "last_name", "language")),
        col(Section.title),
    )
    .join(Person, col(Person.id) == col(Account.person_id))
    .outerjoin(Section, col(Section.id) == col(Person.section_id))
    .where(col(Account.id) == sa.bindparam("of_account"))
    .execution_options(**KEPT)
)
_CHILDREN = (
    sa.select(col(Person.first_name), col(Person.last_name), col(Guardianship.starts_on), col(Guardianship.ends_on))
    .join(Guardianship, col(Guardianship.student_id) == col(Person.id))
    .where(col(Guardianship.guardian_id) == sa.bindparam("guardian"))
    .order_by(col(Person.sort_name))
    .execution_options(**KEPT)
)


@dataclass(frozen=True)
class OwnAccount:
    """My account. `students` are whom a guardian answers for today."""

    first_name: str
    middle_name: str
    last_name: str
    username: str
    language: str
    is_local: bool
    section: str
    students: tuple[str, ...]
    last_sign_in_at: datetime | None
    shortest: int


def own(db: Session, actor: Actor) -> OwnAccount:
    """The actor's own account."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    mine = db.execute(_OWN, {"of_account": actor.account_id}).first()
    if mine is None:
        raise NotFound("This account is not there any more.")
    settings = school.settings(db)  # which tells the clock where the school is
    return OwnAccount(
        mine.first_name,
        mine.middle_name,
        mine.last_name,
        mine.username,
        mine.language,
        mine.sign_in_method == SignInMethod.LOCAL,
        mine.title or "",
        _students(db, actor),
        mine.last_sign_in_at,
        school.shortest_password(settings, mine.user_type),
    )


def check_new_password(db: Session, actor: Actor, *, password: str) -> None:
    """Refuse a password that will not do, before any lock is taken."""
    mine = own(db, actor)
    about = (mine.first_name, mine.middle_name, mine.last_name, mine.username, school.settings(db).school_name)
    opinion = passwords.judge(password, shortest=mine.shortest, about=about)
    if not opinion.accepted:
        raise InputProblem(OBJECTION[opinion.objections[0]], field="password")


def change_password(db: Session, actor: Actor, *, password_hash: str) -> None:
    """Store a new password; every link of the account ends (R17). The caller has confirmed the current one (R10b)."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    account = db.get(Account, actor.account_id, with_for_update=True)
    if account is None or account.id is None or account.sign_in_method != SignInMethod.LOCAL:
        raise NotFound("This account has no password of its own here.")
    account.password_hash, account.password_changed_at = password_hash, clock.now()
    account.must_change_password = False
    db.add(account)
    db.flush()
    invitations.supersede(db, account_id=account.id, because=Superseded.PASSWORD_CHOSEN)
    audit.record(db, actor, action="password.changed", object_kind="account", object_id=account.id)


def choose_language(db: Session, actor: Actor, *, language: str) -> None:
    """The language in which messages reach this person from now on."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    person = db.get(Person, actor.person_id, with_for_update=True)
    if person is None or language not in school.settings(db).languages:
        raise InputProblem("Choose one of the languages in which the school writes.", field="language")
    person.language, person.updated_at = language, clock.now()
    db.add(person)
    audit.record(db, actor, action="language.chosen", object_kind="person", object_id=person.id)


def _students(db: Session, actor: Actor) -> tuple[str, ...]:
    today = clock.today()
    rows = db.execute(_CHILDREN, {"guardian": actor.person_id})
    live = [row for row in rows if (row.starts_on or today) <= today <= (row.ends_on or today)]
    return tuple(f"{child.first_name} {child.last_name}" for child in live)
