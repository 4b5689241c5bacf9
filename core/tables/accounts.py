"""User Accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, AccountRole, Guardianship, Person, Section
from core.permissions import Actor, Permission, Scope
from core.rules.reachability import Policy
from core.rules.search_text import sought
from core.tables import (
    account_roles,
    account_state,
    chosen,
    conditions,
    counting,
    first_relative,
    guardians,
    issued,
    leafing,
    narrowing,
    ordering,
    periods,
    reachability,
    scope,
    search,
)
from core.tables import students as student_list
from core.tables.among import AmongIds
from core.tables.built import once_a_day
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Found, Page, StudentFilter
from core.tables.frames import NOW, Columns, columns, mask_columns, table
from core.tables.narrowing import Few
from core.tables.ordering import (
    NAME,
    Part,
    Parts,
    Rows,
    Sorts,
    by,
    by_account,
    by_class,
    by_relative,
    by_state,
    by_user_type,
    by_value,
    filled_first,
    known_first,
    possible_states,
    yes_first,
)
from core.tables.roll import answers
from core.tables.roll.listed import Listed

if TYPE_CHECKING:
    import pandas as pd

CONTACTS = ("address", "mobile", "delivery_address")
# The place of a row would tell what the mask hides.
HIDDEN_SORTS = {"mobile": Permission.SEE_CONTACTS, "initial_password": Permission.REVEAL_CREDENTIALS}
FACTS = (
    *("sign_in_method", "deactivated_at", "suspended_at", "pending_provider_at", "verified_at", "must_change_password"),
    *("delivery", "delivery_reason", "delivery_address", "invited_at", "times_invited", "invitation_ends_at"),
    *("created_at", "first_sign_in_at", "last_sign_in_at", "sign_ins"),
)
SIGN_INS = ("first_sign_in_at", "last_sign_in_at")
STANDING = col(Account.standing)


def _by_student(actor: Actor) -> Parts:
    """By the first student whom the list names to the actor."""
    return by_relative(lambda: first_relative.ward(actor), "sort_first_name", index="person_by_first_name")


SORTS: Sorts = {
    "name": by(*NAME),
    "user_type": by_user_type(),
    "section": by_class(),
    "students": _by_student(Actor("nobody")),  # `ids` puts that of the actor in its place
    "state": by_state(),
    "email_refusal": yes_first(lambda given: reachability.can_be_invited(given.policy)),
    "sms_refusal": yes_first(lambda given: reachability.can_get_sms(given.policy)),
    "address": yes_first(lambda given: reachability.has_email_address(given.policy)),
    "mobile": filled_first(col(Person.mobile), through="people"),
    "roles": by_value(account_roles.words_of),
    "invited_by": by_value(issued.inviter),
    "initial_password": yes_first(
        lambda _given: issued.has_live_password(), yes=lambda _given: issued.is_of_live_password()
    ),
    "username": by_account(col(Account.username_key)),
    **{name: by_account(col(getattr(Account, name))) for name in ("sign_in_method", "times_invited", "created_at")},
    **{name: known_first(col(getattr(Account, name))) for name in ("delivery", "invited_at", "invitation_ends_at")},
    **{name: known_first(col(getattr(Account, name))) for name in SIGN_INS},
    "verified": yes_first(
        lambda given: sa.func.coalesce(reachability.verified_address(given.policy), sa.false()),
        yes=lambda _given: col(Account.verified_at).is_not(None),
    ),
    "active": yes_first(
        lambda _given: col(Account.deactivated_at).is_(None), no=lambda _given: STANDING == "deactivated"
    ),
    "must_change_password": yes_first(
        lambda _given: col(Account.must_change_password), yes=lambda _given: col(Account.must_change_password)
    ),
    "pending_provider_at": yes_first(
        lambda _given: col(Account.pending_provider_at).is_not(None),
        yes=lambda _given: STANDING.in_(("deactivated", "locked", "pending_provider")),
    ),
}


def page(db: Session, actor: Actor, *, filter: AccountFilter, page: Page) -> pd.DataFrame:
    """One page of rows; contacts are masked for whom they are not meant."""
    return rows(db, actor, ids=ids(db, actor, filter=filter, page=page))


def ids(db: Session, actor: Actor, *, filter: AccountFilter, page: Page) -> list[int]:
    """The accounts of one page, in its order."""
    return list(found(db, actor, filter=filter, page=page).ids)


def found(db: Session, actor: Actor, *, filter: AccountFilter, page: Page) -> Found:
    """The same, with what is found on the way to them."""
    actor.require(Permission.SEE_ACCOUNTS)
    given = conditions.given(db)
    page = ordering.allowed(actor, page, hidden=HIDDEN_SORTS)
    page = ordering.settled(page, _settled(filter))
    return answers.found(db, actor, _LISTED, filter, page, given) or _found(db, actor, filter, page, given)


def _found(db: Session, actor: Actor, filter: AccountFilter, page: Page, given: Given) -> Found:
    asked = _asked(db, actor, filter, given, one_by_one=True)
    words = sought(filter.text)
    text = narrowing.by_text(db, actor, words)
    known = list(narrowing.accounts(db, actor, filter, given))
    by_text = [search.holds(db, actor, words)] if words else []
    sorts = {**SORTS, "students": _by_student(actor), "state": by_state(possible_states(filter))}
    rows = partial(_rows_among, asked, by_text)
    look = partial(narrowing.few, db, known, text=text, total=page.total)
    return leafing.found(db, given, sorts=sorts, page=page, rows=rows, look=look, by_text=bool(words))


def _in_order(db: Session, page: Page, few: Few | None) -> Sequence[int]:
    sorts = {**SORTS, "students": _by_student(Actor("nobody", scope=Scope(everybody=True)))}
    return leafing.in_order(db, sorts[page.sort](conditions.given(db)), page, _persons, few)


def _persons(part: Part, walk: bool) -> sa.Select[Any]:
    return _rows([], part, walk).with_only_columns(col(Account.person_id))


_OF_PEOPLE = {"name", "section", "students", "mobile", "username"}
_ELSEWHERE = {"roles", "invited_by", "initial_password"}
_LISTED = Listed(
    _in_order, of_people=_OF_PEOPLE, of_accounts=set(SORTS) - _OF_PEOPLE - _ELSEWHERE, as_seen={"students"}
)


def rows(db: Session, actor: Actor, *, ids: Sequence[int]) -> pd.DataFrame:
    """All that the list can show of accounts that `ids` has found, in that order."""
    return table(cells(db, actor, ids=ids))


def cells(db: Session, actor: Actor, *, ids: Sequence[int], names: Collection[str] | None = None) -> Columns:
    """Only these columns of theirs."""
    actor.require(Permission.SEE_ACCOUNTS)
    given = conditions.given(db)
    found = columns(db, _shown(given.policy), ids, now=given.now, names=names)
    if names is None or "roles" in names:
        found["roles"] = _roles(db, found["id"])
    if names is None or "students" in names:
        found["students"] = guardians.students_of(db, actor, found["person_id"])
    return mask_columns(found, actor, CONTACTS)


def count(db: Session, actor: Actor, *, filter: AccountFilter) -> int:
    """How many match."""
    known = _told(db, actor, filter)
    return known if known is not None else counting.rows(db, _counted(db, actor, filter))


def count_up_to(db: Session, actor: Actor, *, filter: AccountFilter, limit: int) -> int:
    """How many match, counted no further than one more than `limit`."""
    known = _told(db, actor, filter)
    return known if known is not None else counting.rows(db, _counted(db, actor, filter), up_to=limit)


def _told(db: Session, actor: Actor, filter: AccountFilter) -> int | None:
    actor.require(Permission.SEE_ACCOUNTS)
    return answers.count(db, actor, filter, conditions.given(db))


def matching(db: Session, actor: Actor, *, filter: AccountFilter) -> sa.Select[Any]:
    """The ids of the accounts that match."""
    actor.require(Permission.SEE_ACCOUNTS)
    return _rows(_all_asked(db, actor, filter))


def _counted(db: Session, actor: Actor, filter: AccountFilter) -> sa.Select[Any]:
    """Without the persons, where nothing is asked of them: half the time."""
    if not actor.scope.everybody or filter.selected is not None or conditions.is_about_people(filter):
        return matching(db, actor, filter=filter)
    actor.require(Permission.SEE_ACCOUNTS)
    return sa.select(col(Account.id)).where(*_all_asked(db, actor, filter))


def _all_asked(db: Session, actor: Actor, filter: AccountFilter) -> list[sa.ColumnElement[bool]]:
    asked = _asked(db, actor, filter, conditions.given(db))
    if words := sought(filter.text):
        asked.append(search.among(db, actor, words))
    return asked


def _asked(
    db: Session, actor: Actor, filter: AccountFilter, given: Given, *, one_by_one: bool = False
) -> list[sa.ColumnElement[bool]]:
    asked = conditions.accounts(actor, filter, given, one_by_one=one_by_one)
    if filter.selected is not None:
        mine = chosen.holds(
            db, actor, list_name="accounts", key=col(Account.id), all_of=lambda stored: _stored(db, actor, stored)
        )
        asked.append(mine if filter.selected else sa.not_(mine))
    if filter.of_check:
        asked.append(chosen.of_reason(db, actor, list_name="accounts", key=col(Account.id)))
    if filter.guardians_of_selected:
        asked.append(_guardians_of_selected(db, actor))
    return asked


def _settled(filter: AccountFilter) -> dict[str, bool]:
    """The columns in which all of them say the same."""
    refused, uninvited, never_in = ordering.settled_by_state(filter.states)
    return {
        "email_refusal": refused or bool(filter.email_refusals),
        "sms_refusal": refused or bool(filter.sms_refusals),
        **dict.fromkeys(SIGN_INS, never_in or filter.login == "never"),
        "state": len(filter.states) == 1,
        "invited_at": uninvited,
        "verified": filter.verified is not None,
        "user_type": len(filter.user_types) == 1,
    }


def _stored(db: Session, actor: Actor, stored: dict[str, Any]) -> sa.Select[Any]:
    return matching(db, actor, filter=replace(AccountFilter.from_json(stored), selected=None))


def _guardians_of_selected(db: Session, actor: Actor) -> sa.ColumnElement[bool]:
    """Who answers today for the students that the actor has chosen in the Students List."""
    student, everybody, ward = col(Guardianship.student_id), StudentFilter(), sa.orm.aliased(Person)
    mine = chosen.holds(
        db,
        actor,
        list_name="students",
        key=student,
        all_of=lambda stored: student_list.matching(db, actor, filter=StudentFilter.from_json(stored) or everybody),
    )
    query = sa.select(col(Guardianship.guardian_id)).join(ward, col(ward.id) == student)
    query = query.where(mine, scope.holds_today(), scope.wards(actor, ward))
    return col(Person.id).in_(query)


def _rows_among(asked: list[sa.ColumnElement[bool]], by_text: list[sa.ColumnElement[bool]], few: Few | None) -> Rows:
    """The rows of each part; whoever an index has found by the text is not asked for it again."""
    return partial(_rows, asked if few and few.by_text else [*asked, *by_text])


def _rows(asked: list[sa.ColumnElement[bool]], part: Part = ordering.ALL, walk: bool = False) -> sa.Select[Any]:
    """`walk`: in the order of the part, so no index on what is asked of accounts may choose another."""
    asked = [*(ordering.walked(part, asked) if walk else asked), *ordering.holds(part, walk=walk)]
    query = sa.select(col(Account.id)).select_from(Account).join(Person, ordering.owner(part, walk=walk))
    if part.through in ("section", "nothing"):
        query = query.join(Section, col(Section.id) == col(Person.section_id), isouter=part.through == "nothing")
    query = ordering.with_relative(query, part)
    if walk and part.columns == NAME:
        query = query.where(col(Person.has_account))  # the index by name begins with it
    return query.where(*asked)


@once_a_day
def _shown(policy: Policy) -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
        col(Account.id),
        col(Account.person_id),
        col(Person.kind),
        col(Person.last_name),
        col(Person.first_name),
        col(Account.user_type),
        col(Section.title).label("section"),
        col(Account.username),
        account_state.state(NOW, policy).label("state"),
        reachability.email_refusal(policy).label("email_refusal"),
        reachability.sms_refusal(policy).label("sms_refusal"),
        reachability.email_address(policy).label("address"),
        reachability.verified_address(policy).label("email_verified"),
        col(Person.mobile),
        *(col(getattr(Account, name)) for name in FACTS),
    )
    rows = sa.select(*columns).select_from(Account).join(Person, col(Account.person_id) == col(Person.id))
    rows = rows.outerjoin(Section, col(Section.id) == col(Person.section_id))
    return rows.where(AmongIds(col(Account.id)))


def _roles(db: Session, ids: Sequence[int]) -> list[str]:
    query = sa.select(col(AccountRole.account_id), col(AccountRole.role))
    held: dict[int, set[str]] = {}
    for account_id, role in db.execute(query.where(col(AccountRole.account_id).in_(list(ids)), periods.in_force())):
        held.setdefault(account_id, set()).add(role)
    return [" ".join(sorted(held.get(account_id, ()))) for account_id in ids]
