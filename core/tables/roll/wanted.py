"""What a filter wants of the facts, and what of it only the indexes of the database can tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, MessageStatus, Person, PersonKind
from core.permissions import Actor
from core.rules.account_steps import Step
from core.tables import chosen, conditions, scope
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, StudentFilter

Wanted = Callable[[Any], bool]  # holds for the values of a fact that the filter means
Demands = list[tuple[str, Wanted]]
Filter = StudentFilter | AccountFilter
AT_MOST = 50_000  # of more ids SQL walks along the order sooner than they are handed over


@dataclass(frozen=True)
class Rest:
    """Persons who match one part of a filter; `is_in`: these are wanted, or all others."""

    people: sa.Select[Any]
    is_in: bool = True


_ONE_OF = {"grades": "grade", "states": "state", "statuses": "status", "programmes": "programme"}
_ONE_OF |= {"languages": "language", "user_types": "user_type", "sign_in_methods": "sign_in_method"}
_ONE_OF |= {"email_refusals": "email_refusal", "sms_refusals": "sms_refusal"}
_YES_OR_NO = {"has_personal_email": "personal_email_valid", "has_contact_email": "contact_email_valid"}
_YES_OR_NO |= {name: name for name in ("has_mobile", "has_email", "has_guardian", "verified", "must_change_password")}
_YES_OR_NO |= {"pending": "pending_provider", "locked": "suspended"}
_NONE_OR_ANY = {"invitable": "email_refusal", "invitable_by_sms": "sms_refusal"}
_OF_DAYS = {f"{what}_{end}" for what in ("invited", "verified", "signed_in") for end in ("after", "before")}
_LOOKED_UP = {"text", "section_ids", "selected", "of_check", "link_ends_within", *_OF_DAYS}
_KNOWN = {*_ONE_OF, *_YES_OR_NO, *_NONE_OR_ANY, *_LOOKED_UP, "deliveries", "failures", "came_to", "active", "login"}
_OF_STUDENTS = {"has_grade", "in_period", "period_id"}  # of accounts those who answer for such a student are meant too


def is_told(filter: Filter) -> bool:
    """Whether the roll has all that the filter asks for."""
    of_students = isinstance(filter, StudentFilter)
    known = _KNOWN | _OF_STUDENTS if of_students else _KNOWN - {"grades"}
    return known.issuperset(filter.as_json())


def demands(filter: Filter, current: Collection[int]) -> Demands:
    """What it wants of the facts; `current`: the periods that are the current one."""
    asked: dict[str, Any] = filter.as_json()
    found: Demands = [_of_list(filter)]
    found += [(fact, _among(asked[name])) for name, fact in _ONE_OF.items() if name in asked]
    found += [(fact, _is(asked[name])) for name, fact in _YES_OR_NO.items() if name in asked]
    found += [(fact, _is_none(asked[name])) for name, fact in _NONE_OR_ANY.items() if name in asked]
    if isinstance(filter, StudentFilter):
        found += _classes(filter, current)
    else:
        found += _accounts(filter)
    if filter.failures:
        found += [("delivery", _among([MessageStatus.FAILED])), ("delivery_reason", _among(filter.failures))]
    if filter.came_to:
        steps = list(Step)
        found.append(("step", _among(steps[steps.index(Step(filter.came_to)) :])))
    return found


def rest(db: Session, actor: Actor, filter: Filter, given: Given) -> list[Rest] | None:
    """What an index tells of it, but for its text; None where the selection is all that matched another filter."""
    found = []
    if filter.section_ids:
        found.append(Rest(_in_sections(actor, filter)))
    if days := conditions.days(filter, given):
        found.append(Rest(sa.select(col(Account.person_id)).where(*days)))
    name = "students" if isinstance(filter, StudentFilter) else "accounts"
    for asked, listed in ((filter.selected, name), (filter.of_check or None, chosen.of_check(name))):
        if asked is not None:
            ticked = chosen.ticked(db, actor, list_name=listed)
            if ticked is None:
                return None
            found.append(Rest(_persons(filter, ticked), is_in=bool(asked)))
    return found


def _of_list(filter: Filter) -> tuple[str, Wanted]:
    """Who stands in the list at all: students, or whoever has an account."""
    is_student = isinstance(filter, StudentFilter)
    return ("kind", _among([PersonKind.STUDENT])) if is_student else ("user_type", _is_none(False))


def _classes(filter: StudentFilter, current: Collection[int]) -> Demands:
    found: Demands = [] if filter.has_grade is None else [("grade", _is(filter.has_grade))]
    if filter.period_id is not None or filter.in_period is not None:
        wanted = current if filter.period_id is None else [filter.period_id]
        found.append(("periods", _meets(frozenset(map(str, wanted)), filter.in_period is not False)))
    return found


def _accounts(filter: AccountFilter) -> Demands:
    found: Demands = [] if filter.active is None else [("deactivated", _is(not filter.active))]
    if filter.login:
        found.append(("signed_in", _is(filter.login == "has")))
    if filter.deliveries:
        wanted = {None if one == "none" else one for one in filter.deliveries}
        found.append(("delivery", _among(wanted)))
    return found


def _in_sections(actor: Actor, filter: Filter) -> sa.Select[Any]:
    if isinstance(filter, StudentFilter):
        return sa.select(scope.students_of(filter.section_ids).subquery().c.id)
    return sa.select(col(Person.id)).where(scope.in_sections(actor, filter.section_ids))


def _persons(filter: Filter, rows: sa.Select[Any]) -> sa.Select[Any]:
    """The persons of rows of the list."""
    return (
        rows
        if isinstance(filter, StudentFilter)
        else sa.select(col(Account.person_id)).where(col(Account.id).in_(rows))
    )


def _among(values: Iterable[Any]) -> Wanted:
    return frozenset(values).__contains__


def _is(wanted: bool) -> Wanted:
    return lambda value: bool(value) is wanted


def _is_none(wanted: bool) -> Wanted:
    return lambda value: (value is None) is wanted


def _meets(periods: frozenset[str], wanted: bool) -> Wanted:
    """Whether one of these is named in a text of several."""
    return lambda text: (not periods.isdisjoint((text or "").split())) is wanted
