"""Which people a filter means: conditions in SQL, shared by lists, counts, charts, selections and reports.

The text of a filter is not among them: tables.search has two ways for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, AccountRole, Guardianship, MessageStatus, Person, PersonKind
from core.permissions import Actor
from core.rules.account_steps import Step
from core.rules.reachability import Policy
from core.tables import account_state, account_steps, periods, reachability, school, scope
from core.tables.filters import AccountFilter, StudentFilter

Truth = sa.ColumnElement[bool]
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Given:
    """What conditions depend on besides the filter."""

    now: datetime
    policy: Policy
    zone: ZoneInfo


def given(db: Session) -> Given:
    """The present, and what the school has decided."""
    settings = school.settings(db)
    return Given(clock.now(), school.policy(settings), ZoneInfo(settings.time_zone))


def students(actor: Actor, filter: StudentFilter, given: Given, *, one_by_one: bool = False) -> list[Truth]:
    """Conditions on students, outer-joined with their accounts, for the Students List.

    `one_by_one`: for a walk that ends with its page, not for all who match.
    """
    asked = [
        _seen(actor, one_by_one=one_by_one),
        *_among(filter.grades, Person.grade),
        *_among(filter.statuses, Person.status),
    ]
    asked += [*_among(filter.programmes, Person.programme), *_among(filter.languages, Person.language)]
    asked += _people(filter, given)
    if filter.section_ids:
        asked.append(col(Person.id).in_(scope.students_of(filter.section_ids)))
    asked += _asked(col(Person.grade) != "", filter.has_grade)
    if filter.period_id is not None or filter.in_period is not None:
        asked.append(_is(periods.has_class(Person, filter.period_id), filter.in_period is not False))
    asked += _asked(reachability.can_be_invited(given.policy), filter.invitable)
    asked += _asked(reachability.can_get_sms(given.policy), filter.invitable_by_sms)
    asked += _asked(col(Person.personal_email_valid), filter.has_personal_email)
    asked += _asked(col(Person.contact_email_valid), filter.has_contact_email)
    if filter.has_guardian is not None:
        asked.append(_is(has_guardian(), filter.has_guardian))
    return asked


def accounts(actor: Actor, filter: AccountFilter, given: Given, *, one_by_one: bool = False) -> list[Truth]:
    """Conditions on Account joined with Person for User Accounts; `one_by_one` as for students."""
    asked = [_seen(actor, one_by_one=one_by_one), *roles(filter.roles), *_among(filter.user_types, Account.user_type)]
    asked += [*_among(filter.sign_in_methods, Account.sign_in_method), *_deliveries(filter.deliveries)]
    asked += [*_people(filter, given), *_classes(actor, filter)]
    asked += _asked(col(Account.deactivated_at).is_(None), filter.active)
    asked += _asked(reachability.verified_address(given.policy), filter.verified)
    asked += _asked(col(Account.first_sign_in_at).is_not(None), {"has": True, "never": False}.get(filter.login))
    asked += _asked(col(Account.pending_provider_at).is_not(None), filter.pending)
    asked += _asked(col(Account.suspended_at).is_not(None), filter.locked)
    return asked + _asked(col(Account.must_change_password), filter.must_change_password)


def _seen(actor: Actor, *, one_by_one: bool) -> Truth:
    return scope.each(actor) if one_by_one else scope.people(actor)


def is_about_people(filter: AccountFilter) -> bool:
    """Whether the answer needs more than the accounts themselves."""
    of_people = (filter.text, filter.section_ids, filter.grades, filter.period_id)
    flags = (
        filter.in_period,
        filter.has_grade,
        filter.has_email,
        filter.has_mobile,
        filter.verified,
        filter.guardians_of_selected,
    )
    lists = (account_state.OF_PEOPLE & set(filter.states), filter.email_refusals, filter.sms_refusals)
    return any((*of_people, *lists)) or any(flag is not None for flag in flags)


def _people(filter: StudentFilter | AccountFilter, given: Given) -> list[Truth]:
    asked = [account_state.is_in(filter.states, given.now, given.policy)] if filter.states else []
    if filter.email_refusals:
        asked.append(reachability.email_refusal(given.policy).in_(filter.email_refusals))
    if filter.sms_refusals:
        asked.append(reachability.sms_refusal(given.policy).in_(filter.sms_refusals))
    asked += _asked(reachability.has_email_address(given.policy), filter.has_email)
    asked += _asked(reachability.has_mobile(given.policy), filter.has_mobile)
    return asked + _accounts(filter) + days(filter, given)


def _accounts(filter: StudentFilter | AccountFilter) -> list[Truth]:
    """How far the account came, how it was invited, and why that failed."""
    asked: list[Truth] = []
    if filter.came_to:
        asked.append(account_steps.has_come_to(Step(filter.came_to)))
    if filter.failures:
        failed = col(Account.delivery) == MessageStatus.FAILED
        asked.append(sa.and_(failed, col(Account.delivery_reason).in_(filter.failures)))
    if filter.channels:
        asked.append(account_steps.latest_channel().in_(filter.channels))
    return asked


def _classes(actor: Actor, filter: AccountFilter) -> list[Truth]:
    """Students of classes, and those who answer for them."""
    asked = [scope.in_sections(actor, filter.section_ids)] if filter.section_ids else []
    if filter.grades:
        asked.append(scope.is_or_answers_for(actor, lambda student: _is_in_grade(student, filter.grades)))
    if filter.has_grade is not None:
        asked.append(_is(scope.is_or_answers_for(actor, _is_in_grade), filter.has_grade))
    if filter.period_id is not None or filter.in_period is not None:
        of_period = scope.is_or_answers_for(actor, lambda student: periods.has_class(student, filter.period_id))
        asked.append(_is(of_period, filter.in_period is not False))
    return asked


def _is_in_grade(person: type[Person], grades: tuple[str, ...] = ()) -> Truth:
    """Grades are of students: what is typed there for others says nothing about whom they answer for."""
    named = col(person.grade).in_(grades) if grades else col(person.grade) != ""
    return sa.and_(col(person.kind) == PersonKind.STUDENT, named)


def days(filter: StudentFilter | AccountFilter, given: Given) -> list[Truth]:
    """When the account was invited, verified and first signed in to, and when its invitation ends."""
    asked = [
        *_between(Account.invited_at, filter.invited_after, filter.invited_before, given),
        *_between(Account.verified_at, filter.verified_after, filter.verified_before, given),
        *_between(Account.first_sign_in_at, filter.signed_in_after, filter.signed_in_before, given),
    ]
    if filter.link_ends_within is not None:
        days = timedelta(days=min(max(filter.link_ends_within, 0), 365))
        ends = col(Account.invitation_ends_at)
        asked += [col(Account.standing) == "invited", ends > given.now, ends <= given.now + days]
    return asked


def _between(column: Any, after: str, before: str, given: Given) -> list[Truth]:
    """On these days of the school's zone, both included."""
    asked: list[Truth] = []
    if first := _day(after):
        asked.append(col(column) >= start_of(first, given.zone))
    if last := _day(before):
        asked.append(col(column) < start_of(last + timedelta(days=1), given.zone))
    return asked


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins."""
    return datetime.combine(day, time(), zone)


def _day(text: str) -> date | None:
    """The day, if it is one that has a day before and after it in every zone."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and _FIRST_DAY <= day <= _LAST_DAY else None


def _deliveries(wanted: tuple[str, ...]) -> list[Truth]:
    if not wanted:
        return []
    never = [col(Account.delivery).is_(None)] if "none" in wanted else []
    return [sa.or_(col(Account.delivery).in_(wanted), *never)]


def roles(wanted: tuple[str, ...]) -> list[Truth]:
    """Accounts that hold one of the roles today; "none": no role that holds today."""
    if not wanted:
        return []
    mine = col(AccountRole.account_id) == col(Account.id)
    held = sa.select(col(AccountRole.id)).where(mine, periods.in_force())
    one = held.where(col(AccountRole.role).in_(wanted)).exists()
    return [sa.or_(one, ~held.exists()) if "none" in wanted else one]


def has_guardian() -> Truth:
    """Whether anybody answers for a student today."""
    mine = sa.select(col(Guardianship.id)).where(col(Guardianship.student_id) == col(Person.id))
    return mine.where(scope.holds_today()).exists()


def _among(wanted: tuple[str, ...], column: Any) -> list[Truth]:
    return [col(column).in_(wanted)] if wanted else []


def _asked(holds: Any, wanted: bool | None) -> list[Truth]:
    return [] if wanted is None else [_is(holds, wanted)]


def _is(holds: Truth, wanted: bool) -> Truth:
    return holds if wanted else sa.not_(holds)
