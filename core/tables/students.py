"""The Students List."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person, PersonKind, Section
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.rules.reachability import Policy
from core.rules.search_text import sort_key, sought
from core.tables import (
    account_state,
    chosen,
    conditions,
    counting,
    first_relative,
    guardians,
    leafing,
    narrow,
    narrowing,
    ordering,
    reachability,
    search,
)
from core.tables.among import AmongIds
from core.tables.built import once_a_day
from core.tables.conditions import Given
from core.tables.filters import Found, Page, StudentFilter
from core.tables.frames import NOW, Columns, columns, mask_columns, table
from core.tables.narrowing import Few
from core.tables.ordering import (
    NAME,
    Part,
    Rows,
    Sorts,
    by,
    by_class,
    by_first_name,
    by_relative,
    by_state,
    filled_first,
    known_first,
    possible_states,
    yes_first,
)
from core.tables.roll import answers
from core.tables.roll.listed import Listed
from core.tables.unindexed import Unindexed

if TYPE_CHECKING:
    import pandas as pd

ADDRESSES = ("personal_email", "contact_email", "external_email", "mobile")
CONTACTS = (*ADDRESSES, "guardian_mobile")
GUARDIAN = {"guardian", "guardian_mobile"}
HIDDEN_SORTS = dict.fromkeys(CONTACTS, Permission.SEE_CONTACTS)  # the place of a row would tell what the mask hides
SORTS: Sorts = {
    "name": by(*NAME),
    "first_name": by_first_name(),
    "source_id": by(col(Person.source_id)),
    "status": by(col(Person.status), *NAME),
    "grade": filled_first(col(Person.sort_grade), *NAME),
    **{name: filled_first(col(getattr(Person, name)), *NAME) for name in ("programme", "language")},
    "section": by_class(),
    "state": by_state(),
    "email_refusal": yes_first(lambda given: reachability.can_be_invited(given.policy)),
    "sms_refusal": yes_first(lambda given: reachability.can_get_sms(given.policy)),
    "use_personal_email": yes_first(lambda _given: col(Person.use_personal_email)),
    **{name: filled_first(col(getattr(Person, name))) for name in ADDRESSES if name != "mobile"},
    "mobile": filled_first(col(Person.mobile), through="people"),
    "guardian": by_relative(first_relative.guardian, "sort_first_name", index="person_by_first_name"),
    "guardian_mobile": by_relative(first_relative.guardian, "mobile", index="person_by_mobile"),
    "username": known_first(col(Account.username_key)),
    "invited_at": known_first(col(Account.invited_at)),
    "last_sign_in_at": known_first(col(Account.last_sign_in_at)),
    "updated_at": by(col(Person.updated_at)),
}


def page(db: Session, actor: Actor, *, filter: StudentFilter, page: Page) -> pd.DataFrame:
    """One page of rows; contacts are masked for whom they are not meant."""
    return rows(db, actor, ids=ids(db, actor, filter=filter, page=page))


def ids(db: Session, actor: Actor, *, filter: StudentFilter, page: Page) -> list[int]:
    """The people of one page, in its order."""
    return list(found(db, actor, filter=filter, page=page).ids)


def found(db: Session, actor: Actor, *, filter: StudentFilter, page: Page) -> Found:
    """The same, with what is found on the way to them."""
    actor.require(Permission.SEE_STUDENTS)
    given = conditions.given(db)
    page = ordering.settled(ordering.allowed(actor, page, hidden=HIDDEN_SORTS), _settled(filter))
    return answers.found(db, actor, _LISTED, filter, page, given) or _found(db, actor, filter, page, given)


def _found(db: Session, actor: Actor, filter: StudentFilter, page: Page, given: Given) -> Found:
    asked = _asked(db, actor, filter, given, one_by_one=True)
    words = sought(filter.text)
    text = narrowing.by_text(db, actor, words, students_only=True)
    known = list(narrowing.students(db, actor, filter, given))
    by_text = [search.holds(db, actor, words)] if words else []
    if filter.grades and page.sort == "grade":  # begins there in its index, not with the first grade
        sort_keys = sorted(map(sort_key, filter.grades))
        asked.append(col(Person.sort_grade).between(sort_keys[0], sort_keys[-1]))
    sorts = {**SORTS, "state": by_state(possible_states(filter))}
    rows = partial(_rows_among, filter, asked, by_text)
    look = partial(narrowing.few, db, known, text=text, total=page.total)
    return leafing.found(db, given, sorts=sorts, page=page, rows=rows, look=look, by_text=bool(words))


def _in_order(db: Session, page: Page, few: Few | None) -> Sequence[int]:
    parts = SORTS[page.sort](conditions.given(db))
    return leafing.in_order(db, parts, page, partial(_rows, StudentFilter(), []), few)


_OF_ACCOUNTS = {"state", "email_refusal", "sms_refusal", "invited_at", "last_sign_in_at"}
_LISTED = Listed(_in_order, of_people=set(SORTS) - _OF_ACCOUNTS, of_accounts=_OF_ACCOUNTS)


def rows(db: Session, actor: Actor, *, ids: Sequence[int]) -> pd.DataFrame:
    """All that the list can show of people whom `ids` has found, in that order."""
    return table(cells(db, actor, ids=ids))


def cells(db: Session, actor: Actor, *, ids: Sequence[int], names: Collection[str] | None = None) -> Columns:
    """Only these columns of theirs: a third of the time where nobody asks who can be written to."""
    actor.require(Permission.SEE_STUDENTS)
    given = conditions.given(db)
    found = columns(db, _shown(given.policy), ids, now=given.now, names=names)
    if names is None or GUARDIAN & set(names):
        found |= guardians.of_students(db, found["id"])
    return mask_columns(found, actor, CONTACTS)


def count(db: Session, actor: Actor, *, filter: StudentFilter) -> int:
    """How many match."""
    known = _told(db, actor, filter)
    return known if known is not None else _count(db, actor, filter)


def count_up_to(db: Session, actor: Actor, *, filter: StudentFilter, limit: int) -> int:
    """How many match, counted no further than one more than `limit`."""
    known = _told(db, actor, filter)
    return known if known is not None else _count(db, actor, filter, up_to=limit)


def _told(db: Session, actor: Actor, filter: StudentFilter) -> int | None:
    actor.require(Permission.SEE_STUDENTS)
    return answers.count(db, actor, filter, conditions.given(db))


def matching(db: Session, actor: Actor, *, filter: StudentFilter) -> sa.Select[Any]:
    """The ids of the people who match."""
    return _rows(filter, _all_asked(db, actor, filter))


def _count(db: Session, actor: Actor, filter: StudentFilter, *, up_to: int | None = None) -> int:
    """Without the accounts, where nothing is asked of them: SQLite looks up each for a count, a tenth of a second."""
    asked = _all_asked(db, actor, filter)
    of_accounts = bool(narrow.columns(asked, "account"))
    query = sa.select(col(Person.id)).where(col(Person.kind) == PersonKind.STUDENT, *asked)
    query = _rows(filter, asked) if of_accounts else query
    of_each = of_accounts or any(one is not None for one in (filter.in_period, filter.period_id, filter.has_guardian))
    walked = narrow.both(query, asked) if of_each and not account_state.are_looked_up(filter.states) else None
    return counting.rows(db, query if walked is None else walked, up_to=up_to)


def _all_asked(db: Session, actor: Actor, filter: StudentFilter) -> list[sa.ColumnElement[bool]]:
    actor.require(Permission.SEE_STUDENTS)
    asked = _asked(db, actor, filter, conditions.given(db))
    if words := sought(filter.text):
        asked.append(search.among(db, actor, words, students_only=True))
    return asked


def _asked(
    db: Session, actor: Actor, filter: StudentFilter, given: Given, *, one_by_one: bool = False
) -> list[sa.ColumnElement[bool]]:
    asked = conditions.students(actor, filter, given, one_by_one=one_by_one)
    if filter.of_check:
        asked.append(chosen.of_reason(db, actor, list_name="students", key=col(Person.id)))
    if filter.selected is None:
        return asked
    mine = chosen.holds(
        db, actor, list_name="students", key=col(Person.id), all_of=lambda stored: _stored(db, actor, stored)
    )
    return [*asked, mine if filter.selected else sa.not_(mine)]


def _settled(filter: StudentFilter) -> dict[str, bool]:
    """The columns in which all of them say the same."""
    refused, uninvited, never_in = ordering.settled_by_state(filter.states)
    return {
        "email_refusal": refused or filter.invitable is not None or bool(filter.email_refusals),
        "sms_refusal": refused or filter.invitable_by_sms is not None or bool(filter.sms_refusals),
        "state": len(filter.states) == 1,
        "username": set(filter.states) == {AccountState.NO_ACCOUNT},
        "invited_at": uninvited,
        "last_sign_in_at": never_in or bool(filter.invitable or filter.invitable_by_sms),
    }


def _stored(db: Session, actor: Actor, stored: dict[str, Any]) -> sa.Select[Any]:
    return matching(db, actor, filter=replace(StudentFilter.from_json(stored), selected=None))


def _rows_among(
    filter: StudentFilter, asked: list[sa.ColumnElement[bool]], by_text: list[sa.ColumnElement[bool]], few: Few | None
) -> Rows:
    """The rows of each part; whoever an index has found by the text is not asked for it again."""
    return partial(_rows, filter, asked if few and few.by_text else [*asked, *by_text])


def _rows(
    filter: StudentFilter, asked: list[sa.ColumnElement[bool]], part: Part = ordering.ALL, walk: bool = False
) -> sa.Select[Any]:
    """Students with their accounts, as far as they have one; the database leaves out a join that nothing asks for.

    `walk`: in the order of the part, so no index on what is asked of accounts may choose another. To count, accounts
    in a state are found by their index, and no index on the kind of people may come first.
    """
    by_state = bool(filter.states) and AccountState.NO_ACCOUNT not in filter.states
    has_account = by_state or bool(filter.invitable or filter.invitable_by_sms) or part.has_account
    in_order = part.through in ("kind", "section") if walk else not has_account
    kind = col(Person.kind) if in_order else Unindexed(col(Person.kind))
    of_kind = [kind == PersonKind.STUDENT, *asked]
    conditions = [*(ordering.walked(part, of_kind) if walk else of_kind), *ordering.holds(part, walk=walk)]
    query = sa.select(col(Person.id)).where(*conditions)
    if walk and part.through == "account" and (narrowed := narrow.people(query, [*asked, *part.holds])) is not None:
        query = narrowed
    if part.through == "section":  # before the accounts: SQLite keeps what stands behind an outer join where it stands
        query = query.join(Section, col(Section.id) == col(Person.section_id))
    elif part.through == "nothing":
        query = query.outerjoin(Section, col(Section.id) == col(Person.section_id))
    query = ordering.with_relative(query, part)
    return query.join(Account, ordering.owner(part, walk=walk and has_account), isouter=not has_account)


@once_a_day
def _shown(policy: Policy) -> sa.Select[Any]:
    columns: tuple[Any, ...] = (
        col(Person.id),
        col(Person.source_id),
        col(Person.last_name),
        col(Person.first_name),
        col(Person.grade),
        col(Section.title).label("section"),
        col(Person.programme),
        col(Person.status),
        account_state.state(NOW, policy).label("state"),
        reachability.email_refusal(policy).label("email_refusal"),
        reachability.sms_refusal(policy).label("sms_refusal"),
        col(Account.id).label("account_id"),
        col(Account.username),
        col(Account.invited_at),
        col(Person.language),
        col(Person.use_personal_email),
        *(col(getattr(Person, name)) for name in ADDRESSES),
        col(Person.updated_at),
    )
    rows = sa.select(*columns).select_from(Person)
    rows = rows.outerjoin(Account, col(Account.person_id) == col(Person.id))
    rows = rows.outerjoin(Section, col(Section.id) == col(Person.section_id))
    return rows.where(AmongIds(col(Person.id)))
