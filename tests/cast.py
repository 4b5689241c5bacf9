"""The same small cast of people in every test, and factories for more.

Ada administers, Olga works in the office, Cora coordinates 7B, Tom teaches 7B, Sam and Max are in 7B, Gina is
guardian of both, Otto of 8A is the one whom Tom and Cora must never see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock, database
from core.models import (
    AcademicPeriod,
    Account,
    AccountRole,
    AuditEntry,
    AuditPruning,
    DirectoryChange,
    DirectoryRun,
    Enrolment,
    EnrolmentKind,
    Guardianship,
    Person,
    PersonKind,
    SchoolSettings,
    Section,
    SignInSession,
    metadata,
)
from core.permissions import Actor, Role, Scope
from core.rules import person_facts
from core.rules.microsoft_accounts import NotCreated
from core.rules.search_text import sort_key

_numbers = count(1)
FRESH_FOR_GOOD = datetime(2100, 1, 1, tzinfo=UTC)  # tests of R31 give another moment


@dataclass(frozen=True)
class Member:
    """One of the cast."""

    person: Person
    account: Account
    actor: Actor


@dataclass(frozen=True)
class Cast:
    """Everybody, and the two classes."""

    ada: Member
    olga: Member
    cora: Member
    tom: Member
    sam: Member
    max: Member
    gina: Member
    otto: Member
    class_7b: Section
    class_8a: Section
    period: AcademicPeriod


def period(db: Session, *, title: str = "2026-2027", is_current: bool = True) -> AcademicPeriod:
    return _store(
        db,
        AcademicPeriod(
            source_id=title, title=title, starts_on=date(2026, 9, 1), ends_on=date(2027, 6, 30), is_current=is_current
        ),
    )


def section(db: Session, *, period: AcademicPeriod, title: str = "7B", grade: str = "7") -> Section:
    named = {"title": title, "sort_title": sort_key(title), "source_id": f"section-{title}"}
    return _store(db, Section(period_id=_id(period), grade=grade, **named))


def person(db: Session, *, kind: str = PersonKind.STUDENT, in_section: Section | None = None, **fields: Any) -> Person:
    """A registered student (or active other) with a valid personal e-mail, unless `fields` say otherwise."""
    made = _store(db, _somebody(kind, in_section, fields))
    _enrol(db, made, in_section)
    return made


def _somebody(kind: str, in_section: Section | None, fields: dict[str, Any]) -> Person:
    number = next(_numbers)
    status = "registered" if kind == PersonKind.STUDENT else "active"
    values: dict[str, Any] = {
        "source_id": f"P{number:05}",
        "first_name": "Sam",
        "middle_name": "",
        "last_name": f"Sample{number}",
        "status": status,
        "grade": in_section.grade if in_section and kind == PersonKind.STUDENT else "",
        "language": "en",
        "personal_email": f"person{number}@mail.example",
        "use_personal_email": kind == PersonKind.STUDENT,
        "contact_email": "" if kind == PersonKind.STUDENT else f"contact{number}@mail.example",
        "external_email": "",
        "mobile": "",
        "phone": "",
    } | fields
    values |= person_facts.derived(values, default_region="GR")
    now = clock.now()
    return Person(kind=kind, section_id=in_section.id if in_section else None, created_at=now, updated_at=now, **values)


def _enrol(db: Session, who: Person, in_section: Section | None) -> None:
    if in_section:
        kind = EnrolmentKind.LEARNER if who.kind == PersonKind.STUDENT else EnrolmentKind.TEACHER
        db.add(Enrolment(section_id=_id(in_section), person_id=_id(who), kind=kind))


def guardianship(db: Session, *, student: Person, guardian: Person, **fields: Any) -> Guardianship:
    """`guardian` answers for `student`."""
    values = {"relation": "aunt"} | fields
    return _store(db, Guardianship(student_id=_id(student), guardian_id=_id(guardian), **values))


def account(db: Session, *, person: Person, **fields: Any) -> Account:
    """An account that was never invited, unless `fields` say otherwise."""
    return _store(db, _account(person, fields))


def _account(person: Person, fields: dict[str, Any]) -> Account:
    username = fields.pop("username", f"{person.first_name}.{person.last_name}".lower())
    values: dict[str, Any] = {"user_type": person.kind, "created_at": clock.now()} | fields
    return Account(person_id=_id(person), username=username, username_key=username.casefold(), **values)


def role(db: Session, *, account: Account, role: Role, sections: tuple[Section, ...] = ()) -> AccountRole:
    """The role for everybody, or for the sections named."""
    return _store(db, _role(account, role, sections))


def _role(account: Account, role: Role, sections: tuple[Section, ...]) -> AccountRole:
    ids = [_id(section) for section in sections]
    everybody = not sections and role in (Role.ADMINISTRATOR, Role.OFFICE)
    return AccountRole(account_id=_id(account), role=role, everybody=everybody, section_ids=ids)


def directory_round(db: Session, *people: Person) -> int:
    """The id of a round in Microsoft 365 in which none of these people could be made a user."""
    run = DirectoryRun(token=f"round-{clock.now()}", kind="create", status="done", asked_at=clock.now())
    made = _store(db, run).id or 0
    for whom in people:
        named = {"given_name": whom.first_name, "surname": whom.last_name, "employee_id": whom.source_id}
        failed = {"status": "failed", "reason": next(iter(NotCreated)), "created_at": clock.now()}
        address = f"{whom.source_id}@athena.example".lower()
        _store(db, DirectoryChange(run_id=made, person_id=_id(whom), address=address, **named, **failed))
    return made


def actor(account: Account, *roles: Role, sections: tuple[Section, ...] = ()) -> Actor:
    """Whoever signed in with `account`."""
    everybody = bool({Role.ADMINISTRATOR, Role.OFFICE} & set(roles))
    scope = Scope(everybody, frozenset(_id(section) for section in sections))
    whose, held = (account.username, account.id, account.person_id), frozenset(roles)
    return Actor(*whose, held, scope, session_id="session-of-test", fresh_until=FRESH_FOR_GOOD)


def just_signed_in(db: Session, who: Actor) -> None:
    """They have proved who they are a moment ago."""
    now = clock.now()
    ends = {"last_used_at": now, "expires_at": now + timedelta(hours=1)}
    session_id, account_id = who.session_id or "", who.account_id or 0
    db.merge(SignInSession(id=session_id, token_hash="h", account_id=account_id, created_at=now, **ends))


@dataclass(frozen=True)
class _Part:
    """What somebody of the cast is given."""

    held: Role
    user_type: str
    named: dict[str, Any]
    sections: tuple[Section, ...] = ()
    in_section: Section | None = None


def school(db: Session) -> Cast:
    """The whole cast in a school of two classes."""
    db.add(SchoolSettings(id=1, school_name="Athena School", is_demo=False, second_factor=False))
    year = period(db)
    b7, a8 = section(db, period=year), section(db, period=year, title="8A", grade="8")
    staff = {"kind": PersonKind.STAFF}
    gina = {"kind": PersonKind.GUARDIAN, "first_name": "Gina", "last_name": "Siderí", "language": "el"}
    ada, olga, cora, tom, sam, max_, gina_, otto = _members(
        db,
        _Part(Role.ADMINISTRATOR, "administrator", {"first_name": "Ada", "last_name": "Adams"} | staff),
        _Part(Role.OFFICE, "staff", {"first_name": "Olga", "last_name": "Orlova"} | staff),
        _Part(Role.COORDINATOR, "staff", {"first_name": "Cora", "last_name": "Cole"} | staff, sections=(b7,)),
        _Part(Role.TEACHER, "teacher", {"first_name": "Tom", "last_name": "Thys"} | staff, (b7,), in_section=b7),
        _Part(Role.STUDENT, "student", _child("Sam", "Sideris", "S1"), in_section=b7),
        _Part(Role.STUDENT, "student", _child("Max", "Sideris", "S2"), in_section=b7),
        _Part(Role.GUARDIAN, "guardian", gina),
        _Part(Role.STUDENT, "student", _child("Otto", "Other", "S3"), in_section=a8),
    )
    for child in (sam, max_):
        db.add(Guardianship(student_id=_id(child.person), guardian_id=_id(gina_.person), relation="mother"))
    db.flush()
    return Cast(ada, olga, cora, tom, sam, max_, gina_, otto, b7, a8, year)


def _child(first_name: str, last_name: str, source_id: str) -> dict[str, Any]:
    return {"kind": PersonKind.STUDENT, "first_name": first_name, "last_name": last_name, "source_id": source_id}


def empty() -> None:
    """Nothing is left of the school; the audit of a test may go, as after a retention of ever."""
    with database.transaction() as db:
        db.execute(sa.insert(AuditPruning).values(upto=2**31 - 1))
        db.execute(sa.delete(AuditEntry))
        for table in reversed(metadata.sorted_tables):
            db.execute(sa.delete(table))


def _members(db: Session, *parts: _Part) -> list[Member]:
    """All at once: thousands of tests begin with them, and one by one they took most of a short one."""
    people = [_somebody(fields.pop("kind"), part.in_section, fields) for part in parts for fields in [dict(part.named)]]
    _flush(db, people)
    accounts = [_account(who, {"user_type": part.user_type}) for who, part in zip(people, parts, strict=True)]
    _flush(db, accounts)
    for who, made, part in zip(people, accounts, parts, strict=True):
        _enrol(db, who, part.in_section)
        db.add(_role(made, part.held, part.sections))
    db.flush()
    return [
        Member(who, made, actor(made, part.held, sections=part.sections))
        for who, made, part in zip(people, accounts, parts, strict=True)
    ]


def _flush(db: Session, rows: list[Any]) -> None:
    db.add_all(rows)
    db.flush()


def _store(db: Session, row: Any) -> Any:
    db.add(row)
    db.flush()
    return row


def _id(row: Any) -> int:
    assert row.id is not None
    return int(row.id)
