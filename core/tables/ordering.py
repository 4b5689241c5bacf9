"""Orders of a list, each made of parts: those who have the value first, then those without it, by name.

A part is a condition and columns that an index can follow; so an order over two tables is as quick as one over one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import col

from core.models import Account, Person, Section, UserType
from core.permissions import Actor, Permission
from core.rules.account_state import NEVER_INVITED, NEVER_SIGNED_IN, NEVER_WRITTEN_TO, AccountState
from core.tables import account_state, unindexed
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, Page, StudentFilter
from core.tables.first_relative import FirstRelative
from core.tables.narrowing import Ids
from core.tables.unindexed import Unindexed

Column = sa.SQLColumnExpression[Any]
OF_ACCOUNTS = ("account", "value")  # orders that begin with the accounts
NAME: tuple[Column, ...] = (col(Person.sort_name),)


@dataclass(frozen=True)
class Part:
    """Some rows of a list in their order. `through`: what gives the order: the index of one kind of people, one of all
    people, one of another table (of the `relative` by `index`), or none. A `value` is asked for each row, and all rows
    are sorted.

    `answers`: persons among whom these rows are, where an index tells. Where those are few, only they are looked at.
    `stays_last`: rows without a value, which nobody looks for, whichever way the order goes.
    """

    columns: tuple[Column, ...]
    holds: tuple[sa.ColumnElement[bool], ...] = ()
    through: Literal["kind", "people", "account", "section", "relative", "value", "nothing"] = "kind"
    has_account: bool = False
    answers: tuple[Ids, ...] = ()
    stays_last: bool = False
    relative: FirstRelative | None = None
    index: str = ""


ALL = Part(())
ANY = Part((), through="nothing")  # all of them, with all that an order may ask for
Parts = Callable[[Given], tuple[Part, ...]]
Sorts = Mapping[str, Parts]
Asked = Callable[[Given], Any]
Rows = Callable[[Part, bool], sa.Select[Any]]  # the rows of a part: to walk through in its order, or to count


def by(*columns: Column) -> Parts:
    """One part: columns of the person as they are, each with an index that begins with the kind."""
    return lambda _given: (Part(columns),)


def by_first_name() -> Parts:
    """By first name and last name; one index serves the guardians beside students as well."""
    return lambda _given: (Part((col(Person.sort_first_name),), through="people"),)


def filled_first(*columns: Column, through: Literal["kind", "people"] = "kind") -> Parts:
    """Those with a text in the first column, then those where it is empty; an index gives both."""
    parts = (
        Part(columns, (columns[0] > "",), through=through),
        Part(columns, (columns[0] == "",), through=through, stays_last=True),
    )
    return lambda _given: parts


def by_account(column: Column) -> Parts:
    """One part: a column of the account."""
    return lambda _given: (Part((column,), through="account", has_account=True),)


def known_first(column: Column) -> Parts:
    """Those of whom the account knows the value, then the others by name."""
    known = Part((column,), (column.is_not(None),), through="account", has_account=True)
    return lambda _given: (known, Part(NAME, (column.is_(None),), stays_last=True))


def by_class() -> Parts:
    """Class by class, then those without one."""
    columns = (col(Section.sort_title), col(Section.id), *NAME)
    listed = Part(columns, (col(Section.id).is_not(None),), through="section")
    return lambda _given: (listed, Part(NAME, (Unindexed(col(Person.section_id)).is_(None),), stays_last=True))


def by_relative(first: Callable[[], FirstRelative], name: str, *, index: str) -> Parts:
    """By a text of the relative named first, which an index of people begins with; then those without."""

    def parts(_given: Given) -> tuple[Part, ...]:
        relative = first()
        column = col(getattr(relative.person, name))
        columns = (column, col(relative.person.id))
        known = Part(columns, (column > "",), through="relative", relative=relative, index=index)
        return known, Part(NAME, (relative.none_with(column > ""),), stays_last=True)

    return parts


def by_value(value: Callable[[], Column]) -> Parts:
    """By what only a look at other tables tells of each account; then those of whom they tell nothing."""

    def parts(_given: Given) -> tuple[Part, ...]:
        said = value()
        known = Part((said,), (said.is_not(None),), through="value", has_account=True)
        return known, Part((), (said.is_(None),), through="value", stays_last=True)

    return parts


def by_state(states: Iterable[AccountState] = AccountState) -> Parts:
    """State by state, in the order in which they are asked, and by name."""
    return lambda given: tuple(_of_state(state, given) for state in states)


def possible_states(filter: StudentFilter | AccountFilter) -> list[AccountState]:
    """Those in which somebody can be who matches: the parts of the others would be walked to find nobody."""
    writes = isinstance(filter, StudentFilter) and bool(filter.invitable or filter.invitable_by_sms)
    states = [state for state in AccountState if not filter.states or state in filter.states]
    return [state for state in states if not (writes and state in NEVER_WRITTEN_TO)] or states


def by_user_type() -> Parts:
    """Type by type, and by name."""
    types = tuple(col(Account.user_type) == user_type for user_type in UserType)
    return lambda _given: tuple(Part(NAME, (holds,), has_account=True, answers=(_owners(holds),)) for holds in types)


def yes_first(holds: Asked, *, yes: Asked | None = None, no: Asked | None = None) -> Parts:
    """Those for whom it holds, then the others, each by name; `yes`, `no`: what an index knows of their accounts."""

    def parts(given: Given) -> tuple[Part, ...]:
        answers = [(_owners(known(given)),) if known else () for known in (yes, no)]
        return Part(NAME, (holds(given),), answers=answers[0]), Part(NAME, (sa.not_(holds(given)),), answers=answers[1])

    return parts


def turned(parts: Sequence[Part]) -> list[Part]:
    """The other way round, but for what stays last."""
    order = [part for part in reversed(parts) if not part.stays_last]
    return order + [part for part in parts if part.stays_last]


def keys(part: Part) -> list[Column]:
    """What puts its rows in order; made unique by the person's id, as the index of the order ends with it."""
    return [*part.columns, col(Account.person_id) if part.through in OF_ACCOUNTS else col(Person.id)]


def together(parts: Sequence[Part]) -> Part:
    """All of them, with all that these parts may ask for."""
    relative = next((part.relative for part in parts if part.relative), None)
    return replace(ANY, relative=relative) if relative else ANY


def with_relative(rows: sa.Select[Any], part: Part) -> sa.Select[Any]:
    """The rows with the relative by whom a part is ordered."""
    if part.relative is None:
        return rows
    is_walked = part.through == "relative"
    return part.relative.joined(rows, index=part.index) if is_walked else part.relative.beside(rows)


def holds(part: Part, *, walk: bool) -> list[sa.ColumnElement[bool]]:
    """The part's own conditions: an index of the account that gives the order serves them as well."""
    return unindexed.walked(part.holds) if walk and part.through not in OF_ACCOUNTS else list(part.holds)


def walked(part: Part, asked: Iterable[sa.ColumnElement[bool]]) -> list[sa.ColumnElement[bool]]:
    """What is asked, for a walk in the order of the part."""
    conditions = unindexed.walked(asked)
    return part.relative.of_each(conditions) if part.through == "relative" and part.relative else conditions


def owner(part: Part, *, walk: bool) -> sa.ColumnElement[bool]:
    """Joins accounts with their persons; who walks through persons may not come from the accounts."""
    persons_first = walk and part.through not in OF_ACCOUNTS
    return col(Account.person_id) == (Unindexed(col(Person.id)) if persons_first else col(Person.id))


def allowed(actor: Actor, page: Page, *, hidden: Mapping[str, Permission]) -> Page:
    """The page, by name where its order would show what the actor may not see (R61)."""
    needs = hidden.get(page.sort)
    return page if needs is None or actor.may(needs) else replace(page, sort="name")


def settled(page: Page, answers: Mapping[str, bool]) -> Page:
    """The page, by name where what is asked for leaves one answer in its column.

    Else a whole part of the order is read to find nobody in it: seconds at a million.
    """
    return replace(page, sort="name") if answers.get(page.sort) else page


def settled_by_state(states: Collection[str]) -> tuple[bool, bool, bool]:
    """Whether nobody in these states can be written to, was ever invited, has ever signed in."""
    refused, uninvited, never_in = (
        bool(states) and known.issuperset(states) for known in (NEVER_WRITTEN_TO, NEVER_INVITED, NEVER_SIGNED_IN)
    )
    return refused, uninvited, never_in


def _of_state(state: AccountState, given: Given) -> Part:
    holds = (account_state.is_in((state,), given.now, given.policy),)
    if state is AccountState.NO_ACCOUNT:
        return Part(NAME, holds)
    known = account_state.may_be_in((state,), given.now)
    return Part(NAME, holds, has_account=True, answers=(_owners(known),))


def _owners(known: Any) -> sa.Select[Any]:
    return sa.select(col(Account.person_id)).where(known)
