"""Everything about one account that its card shows, whoever owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import Account, Enrolment, EnrolmentKind, Person, PersonKind, Section
from core.permissions import STAFF_ROLES, Actor, Permission
from core.rules import reachability
from core.rules.account_state import AccountState, account_state
from core.rules.reachability import Verdict
from core.tables import account_roles, issued, periods, person_facts, school, scope, sms_numbers
from core.tables.account_roles import Held
from core.tables.frames import masked


@dataclass(frozen=True)
class Owner:
    """Whose account it is. Contacts are masked for whom they are not meant; `seen` is what saving compares.

    `teaches`: the classes of this year.
    """

    person_id: int
    kind: str
    seen: datetime
    first_name: str
    last_name: str
    source_id: str
    section: str
    status: str
    language: str
    contact_email: str
    personal_email: str
    external_email: str
    mobile: str
    phone: str
    middle_name: str = ""
    teaches: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountFacts:
    """What is stored of an account, without anything that opens it."""

    id: int
    username: str
    user_type: str
    sign_in_method: str
    active: bool
    must_change_password: bool
    pending_provider: bool
    delivery: str | None
    delivery_reason: str | None
    times_invited: int
    sign_ins: int
    created_at: datetime
    invited_at: datetime | None
    invitation_ends_at: datetime | None
    verified_at: datetime | None
    first_sign_in_at: datetime | None
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class AccountCard:
    """One account: its facts, its state, and whether it can be invited."""

    id: int
    owner: Owner
    facts: AccountFacts
    state: AccountState
    email_verified: bool
    by_email: Verdict
    by_sms: Verdict
    invited_by: str
    roles: tuple[Held, ...]

    @property
    def is_of_staff(self) -> bool:
        """Whether the account holds a role of staff."""
        return any(held.role in STAFF_ROLES for held in self.roles)


def read(db: Session, actor: Actor, *, account_id: int) -> AccountCard:
    """The card; an account outside the actor's scope is as little there as one that does not exist (R60)."""
    actor.require(Permission.SEE_ACCOUNTS)
    query = sa.select(Account, Person, col(Section.title)).join(Person, col(Person.id) == col(Account.person_id))
    query = query.outerjoin(Section, col(Section.id) == col(Person.section_id))
    row = db.execute(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    account, person, section = row
    policy = school.policy(school.settings(db))
    numbers = sms_numbers.of(db, person, policy)
    contact = person_facts.contact(person, account, policy, guardian_mobile=numbers.guardian)
    side = person_facts.account_side(account, opted_out=numbers.opted_out)
    return AccountCard(
        id=account_id,
        owner=owner(db, person, section or "", masks=not actor.may(Permission.SEE_CONTACTS)),
        facts=facts(account),
        state=account_state(
            person_facts.account_facts(person, account, policy, guardian_mobile=numbers.guardian), now=clock.now()
        ),
        email_verified=person_facts.is_address_verified(person, account, policy),
        by_email=reachability.by_email(contact, side, policy),
        by_sms=reachability.by_sms(contact, side, policy),
        invited_by=issued.of_accounts(db, [account_id])["invited_by"][0],
        roles=tuple(account_roles.held(db, actor, account_id=account_id)),
    )


def facts(account: Account) -> AccountFacts:
    """The facts of an account, as they are shown."""
    return AccountFacts(
        id=account.id or 0,
        username=account.username,
        user_type=account.user_type,
        sign_in_method=account.sign_in_method,
        active=account.deactivated_at is None,
        must_change_password=account.must_change_password,
        pending_provider=account.pending_provider_at is not None,
        delivery=account.delivery,
        delivery_reason=account.delivery_reason,
        times_invited=account.times_invited,
        sign_ins=account.sign_ins,
        created_at=account.created_at,
        invited_at=account.invited_at,
        invitation_ends_at=account.invitation_ends_at,
        verified_at=account.verified_at,
        first_sign_in_at=account.first_sign_in_at,
        last_sign_in_at=account.last_sign_in_at,
    )


def owner(db: Session, person: Person, section: str, *, masks: bool) -> Owner:
    """Whose account it is, or would be."""
    show = masked if masks else str
    return Owner(
        person_id=person.id or 0,
        kind=person.kind,
        seen=person.updated_at,
        first_name=person.first_name,
        last_name=person.last_name,
        source_id=person.source_id,
        section=section,
        status=person.status,
        language=person.language,
        contact_email=show(person.contact_email),
        personal_email=show(person.personal_email),
        external_email=show(person.external_email),
        mobile=show(person.mobile),
        phone=show(person.phone),
        middle_name=person.middle_name,
        teaches=_taught(db, person) if person.kind == PersonKind.STAFF else {},
    )


def _taught(db: Session, person: Person) -> dict[int, str]:
    query = sa.select(col(Section.id), col(Section.title)).join(Enrolment, col(Enrolment.section_id) == col(Section.id))
    mine = query.where(col(Enrolment.person_id) == person.id, col(Enrolment.kind) == EnrolmentKind.TEACHER)
    rows = db.execute(mine.where(col(Section.id).in_(periods.sections(None))).order_by(col(Section.sort_title)))
    return {section_id: title for section_id, title in rows}  # noqa: C416
