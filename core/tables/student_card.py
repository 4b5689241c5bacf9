"""Everything about one student that the card shows, and what would follow from what is being typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import AcademicPeriod, Account, Enrolment, EnrolmentKind, Person, PersonKind, Section
from core.permissions import Actor, Permission
from core.rules import contact_data, reachability
from core.rules.account_state import AccountState, account_state
from core.rules.reachability import AccountSide, Contact, Policy, Verdict
from core.tables import account_card, person_facts, school, scope, sms_numbers
from core.tables.account_card import AccountFacts
from core.tables.frames import masked


@dataclass(frozen=True)
class StudentCard:
    """One student. Contacts are masked for whom they are not meant; `seen` is what saving compares."""

    id: int
    seen: datetime
    source_id: str
    first_name: str
    middle_name: str
    last_name: str
    section: str
    section_id: int | None
    grade: str
    status: str
    language: str
    use_personal_email: bool
    personal_email: str
    contact_email: str
    external_email: str
    mobile: str
    phone: str
    state: AccountState
    programme: str
    classes: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    account: AccountFacts | None
    microsoft: bool
    contact: Contact
    side: AccountSide | None
    policy: Policy

    def verdict(self, **typed: str | bool) -> Verdict:
        """Whether the student can be invited by e-mail, with what is typed but not saved yet."""
        contact = replace(self.contact, **typed)  # type: ignore[arg-type]
        contact = replace(
            contact,
            personal_email_valid=contact_data.email_is_valid(contact.personal_email),
            contact_email_valid=contact_data.email_is_valid(contact.contact_email),
        )
        return reachability.by_email(contact, self.side, self.policy)

    def closed_mailbox(self, contact_email: str) -> bool:
        """The contact e-mail is the new Microsoft address itself, which nobody can open yet."""
        return reachability.opens_in_same_mailbox(replace(self.contact, contact_email=contact_email))


def read(db: Session, actor: Actor, *, person_id: int) -> StudentCard:
    """The card; a student outside the actor's scope is as little there as one who does not exist (R60)."""
    actor.require(Permission.SEE_STUDENTS)
    query = sa.select(Person, Account, col(Section.title)).outerjoin(Account, col(Account.person_id) == col(Person.id))
    query = query.outerjoin(Section, col(Section.id) == col(Person.section_id))
    row = db.execute(
        query.where(col(Person.id) == person_id, col(Person.kind) == PersonKind.STUDENT, scope.people(actor))
    ).first()
    if row is None:
        raise NotFound(_NOT_THERE)
    person, account, section = row
    policy = school.policy(school.settings(db))
    show = _shown_to(actor)
    numbers = sms_numbers.of(db, person, policy)
    contact = person_facts.contact(person, account, policy, guardian_mobile=numbers.guardian)
    return StudentCard(
        id=person_id,
        seen=person.updated_at,
        source_id=person.source_id,
        first_name=person.first_name,
        middle_name=person.middle_name,
        last_name=person.last_name,
        section=section or "",
        section_id=person.section_id,
        grade=person.grade,
        status=person.status,
        language=person.language,
        use_personal_email=person.use_personal_email,
        personal_email=show(person.personal_email),
        contact_email=show(person.contact_email),
        external_email=show(person.external_email),
        mobile=show(person.mobile),
        phone=show(person.phone),
        state=account_state(
            person_facts.account_facts(person, account, policy, guardian_mobile=numbers.guardian), now=clock.now()
        ),
        programme=person.programme,
        classes=tuple(_classes(db, person_id)),
        created_at=person.created_at,
        updated_at=person.updated_at,
        account=account_card.facts(account) if account else None,
        microsoft=contact.user_type in policy.microsoft_user_types,
        contact=contact,
        side=person_facts.account_side(account, opted_out=numbers.opted_out),
        policy=policy,
    )


def _classes(db: Session, person_id: int) -> list[str]:
    """Every class of the student with its period, the current one first."""
    query = sa.select(col(Section.title), col(AcademicPeriod.title))
    query = query.join(Enrolment, col(Enrolment.section_id) == col(Section.id))
    query = query.join(AcademicPeriod, col(AcademicPeriod.id) == col(Section.period_id))
    mine = query.where(col(Enrolment.person_id) == person_id, col(Enrolment.kind) == EnrolmentKind.LEARNER)
    rows = db.execute(mine.order_by(col(AcademicPeriod.is_current).desc(), col(AcademicPeriod.title).desc()))
    return [f"{title} ({period})" for title, period in rows]


def _shown_to(actor: Actor) -> Callable[[str], str]:
    return str if actor.may(Permission.SEE_CONTACTS) else masked


_NOT_THERE = "There is no such student in your classes. Go back to the Students List."
