"""Which people a filter means: conditions in SQL, shared by lists, counts, charts, selections and reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from core.models import Account, AccountRole, Person, PersonKind
from core.permissions import Actor
from core.rules.reachability import Policy
from core.rules.search_text import fold
from core.tables import account_state, reachability, scope
from core.tables.filters import AccountFilter, StudentFilter


def students(actor: Actor, filter: StudentFilter, *, now: datetime, policy: Policy) -> list[sa.ColumnElement[bool]]:
    """Conditions on Person outer-joined with Account for the Students List."""
    asked = [col(Person.kind) == PersonKind.STUDENT, scope.people(actor), *_text(filter.text)]
    if filter.section_ids:
        asked.append(col(Person.id).in_(scope.students_of(filter.section_ids)))
    if filter.grades:
        asked.append(col(Person.grade).in_(filter.grades))
    if filter.statuses:
        asked.append(col(Person.status).in_(filter.statuses))
    if filter.in_period is not None:
        listed = col(Person.section_id).is_not(None)
        asked.append(listed if filter.in_period else sa.not_(listed))
    if filter.states:
        asked.append(account_state.state(now, policy).in_(filter.states))
    if filter.invitable is not None:
        asked.append(_is_null(reachability.email_refusal(policy), filter.invitable))
    return asked


def accounts(actor: Actor, filter: AccountFilter, *, now: datetime, policy: Policy) -> list[sa.ColumnElement[bool]]:
    """Conditions on Account joined with Person for User Accounts."""
    asked = [scope.people(actor), *_text(filter.text), *_roles(filter.roles)]
    if filter.section_ids:
        asked.append(scope.in_sections(filter.section_ids))
    if filter.user_types:
        asked.append(col(Account.user_type).in_(filter.user_types))
    if filter.active is not None:
        asked.append(_is_null(col(Account.deactivated_at), filter.active))
    if filter.verified is not None:
        asked.append(_is_null(col(Account.verified_at), not filter.verified))
    if filter.login:
        asked.append(_is_null(col(Account.first_sign_in_at), filter.login == "never"))
    if filter.states:
        asked.append(account_state.state(now, policy).in_(filter.states))
    return asked


def _text(text: str) -> list[sa.ColumnElement[bool]]:
    """Every word must be somewhere; % and _ are letters like others (R65).

    Usernames are looked up apart, so that the search of people can walk an index that holds the text.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    for word in fold(text).split():
        plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{plain}%"
        named = aliased(Account)
        by_username = sa.select(col(named.person_id)).where(col(named.username_key).like(pattern, escape="\\"))
        found = col(Person.search_text).like(pattern, escape="\\")
        conditions.append(sa.or_(found, col(Person.id).in_(by_username)))
    return conditions


def _roles(roles: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    if not roles:
        return []
    held = select(AccountRole.account_id)
    conditions = [col(Account.id).in_(held.where(col(AccountRole.role).in_(roles)))]
    if "none" in roles:
        conditions.append(col(Account.id).not_in(held))
    return [sa.or_(*conditions)]


def _is_null(column: sa.SQLColumnExpression[Any], wanted: bool) -> sa.ColumnElement[bool]:
    return column.is_(None) if wanted else column.is_not(None)
