"""The quickest way to a page of a list: by an index when an answer is rare, in the order of the list when it is common.

Each condition that an index answers is asked for one row more than a cap. Below that, only those rows are looked at
and put in order. Above, rows are walked in the order of the list until the page is full: of something common that is
soon (DESIGN §3). What lies between is walked to for a while first (short_walk).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, AccountRole, MessageStatus, Person, PersonKind
from core.permissions import Actor
from core.rules.account_state import AccountState
from core.rules.search_text import Sought
from core.tables import account_state, chosen, conditions, periods, reachability, scope, search
from core.tables.conditions import Given
from core.tables.filters import AccountFilter, StudentFilter

CAP, FEW = 8_000, 300
SHORT_CAP = 2_500  # they are put in order sooner than a walk ends
_CAP_FOR, _CAPS = 250_000, 3  # so many people, and of more of them up to so many times as many
Ids = sa.Select[Any] | sa.CompoundSelect[Any]
_HIGHEST = sa.select(sa.func.max(col(Person.id)))


@dataclass(frozen=True)
class Few:
    """Ids as one text of the database's own kind: 5,000 of them pass through Python in no time.

    `by_text`: they are whom the search box finds, so nobody need ask that again.
    """

    number: int
    ids: str
    by_text: bool = False


def few(
    db: Session, answers: Iterable[Ids], *, cap: int, text: Ids | None = None, total: int | None = None
) -> Few | None:
    """The shortest of the answers, None when all of them are longer than `cap`.

    `text`: the answer to the search box. `total`: how many people all of them have in common, where it is known: none
    of them is shorter.
    """
    best = None
    if total is not None and total > cap:
        return best
    for answer in answers if text is None else chain([text], answers):
        found = answer.limit(cap + 1).subquery()
        number, ids = db.connection().execute(sa.select(sa.func.count(), together(db, found.c[0]))).one()
        if number <= cap and (best is None or number < best.number):
            best = Few(number, ids, answer is text)
        if best is not None and best.number <= FEW:
            break
    return best


def together(db: Session, ids: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """To read an array and to write it again took psycopg 4 ms for 3,000 ids."""
    return sa.func.json_group_array(ids) if search.is_sqlite(db) else sa.cast(sa.func.array_agg(ids), sa.String)


def as_text(db: Session, ids: Iterable[int]) -> str:
    """Ids as `Few` has them."""
    listed = ",".join(map(str, ids))
    return f"[{listed}]" if search.is_sqlite(db) else f"{{{listed}}}"


def cap(db: Session) -> int:
    """A walk through a district to those who stand together in its order is long: more of them are looked up."""
    return CAP * max(1, min(_CAPS, people_at_most(db) // _CAP_FOR))


def people_at_most(db: Session) -> int:
    """The highest id: in no time, where to count a million takes a while; a transaction asks once."""
    if "people" not in db.info:
        db.info["people"] = db.connection().scalar(_HIGHEST) or 0
    known: int = db.info["people"]
    return known


def among(db: Session, few: Few) -> sa.ColumnElement[bool]:
    """Holds for these persons."""
    if not few.number:
        return sa.false()
    if search.is_sqlite(db):
        each = sa.func.json_each(few.ids).table_valued("value")
        return col(Person.id).in_(sa.select(each.c.value))
    return col(Person.id) == sa.func.any(sa.literal(few.ids, _Numbers()))


class _Numbers(sa.types.UserDefinedType[str]):
    """An array of PostgreSQL as its own text."""

    cache_ok, render_bind_cast = True, True

    def get_col_spec(self, **_options: Any) -> str:
        return "INTEGER[]"


def by_text(db: Session, actor: Actor, words: Sought, *, students_only: bool = False) -> Ids | None:
    """The answer to the search box."""
    if not words:
        return None
    return search.once(db, actor, words, students_only=students_only, up_to=cap(db) + 1)


def students(db: Session, actor: Actor, filter: StudentFilter, given: Given) -> Iterator[Ids]:
    """The answers to look at for the Students List but for its search box, each with all students of the filter."""
    student = col(Person.kind) == PersonKind.STUDENT
    people = sa.select(col(Person.id))
    if filter.selected and (ticked := chosen.ticked(db, actor, list_name="students")) is not None:
        yield ticked
    if filter.of_check and (opened := chosen.ticked(db, actor, list_name=chosen.of_check("students"))) is not None:
        yield opened
    if filter.section_ids:
        yield sa.select(scope.students_of(filter.section_ids).subquery().c.id)
    if not actor.scope.everybody:
        yield scope.found(actor)
    yield from _in_states(filter.states, given)
    if set(filter.states) == {AccountState.NOT_REACHABLE}:
        yield people.where(student, reachability.perhaps_not(given.policy))
    for wanted, column in ((filter.statuses, Person.status), (filter.grades, Person.grade)):
        if wanted:
            yield people.where(student, col(column).in_(wanted))
    for values, column in ((filter.programmes, Person.programme), (filter.languages, Person.language)):
        if values:
            yield people.where(student, col(column).in_(values))
    yield from _by_history(filter, given)
    if filter.in_period is False:
        elsewhere = col(Person.section_id).in_(periods.other_sections(filter.period_id))  # two ways by one index
        yield people.where(student, col(Person.section_id).is_(None)).union_all(people.where(student, elsewhere))
    yield from _reach(filter, student, given)


def accounts(db: Session, actor: Actor, filter: AccountFilter, given: Given) -> Iterator[Ids]:
    """The same for User Accounts: persons, each with an account."""
    owners = sa.select(col(Account.person_id))
    if filter.selected and (ticked := chosen.ticked(db, actor, list_name="accounts")) is not None:
        yield owners.where(col(Account.id).in_(ticked))
    if filter.of_check and (opened := chosen.ticked(db, actor, list_name=chosen.of_check("accounts"))) is not None:
        yield owners.where(col(Account.id).in_(opened))
    if filter.section_ids:
        yield sa.select(col(Person.id)).where(scope.in_sections(actor, filter.section_ids))
    if not actor.scope.everybody:
        yield scope.found(actor)
    yield from _in_states(filter.states, given)
    if set(filter.states) == {AccountState.NOT_REACHABLE}:
        yield sa.select(col(Person.id)).where(reachability.perhaps_not(given.policy))
    if filter.user_types:
        yield owners.where(col(Account.user_type).in_(filter.user_types))
    if filter.roles and "none" not in filter.roles:
        held = sa.select(col(AccountRole.account_id)).where(col(AccountRole.role).in_(filter.roles))
        yield owners.where(col(Account.id).in_(held))
    elif filter.roles:
        yield owners.where(*conditions.roles(filter.roles))
    if standings := _standings(filter):
        yield owners.where(col(Account.standing).in_(sorted(standings)))
    if filter.sign_in_methods:
        yield owners.where(col(Account.sign_in_method).in_(filter.sign_in_methods))
    if filter.must_change_password:
        yield owners.where(col(Account.must_change_password))
    if filter.deliveries and "none" not in filter.deliveries:
        yield owners.where(col(Account.delivery).in_(filter.deliveries))
    yield from _by_history(filter, given)


def _by_history(filter: StudentFilter | AccountFilter, given: Given) -> Iterator[Ids]:
    """What has happened to accounts, by the indexes of its days."""
    owners = sa.select(col(Account.person_id))
    if filter.failures:
        yield owners.where(col(Account.delivery) == MessageStatus.FAILED)
    if days := conditions.days(filter, given):
        yield owners.where(*days)


def _standings(filter: AccountFilter) -> set[str]:
    """The standings that all accounts of the filter have, empty when any may be."""
    possible = [
        ({"deactivated"}, filter.active is False),
        ({"deactivated", "locked"}, filter.locked is True),
        ({"deactivated", "locked", "pending_provider"}, filter.pending is True),
        ({"deactivated", "locked", "pending_provider", "signed_in"}, filter.login == "has"),
        ({"deactivated", "locked", "pending_provider", "signed_in", "verified"}, filter.verified is True),
    ]
    sets = [standings for standings, asked in possible if asked]
    return set.intersection(*sets) if sets else set()


def _in_states(states: tuple[str, ...], given: Given) -> Iterator[Ids]:
    if not states:
        return
    known = sa.select(col(Account.person_id)).where(account_state.may_be_in(states, given.now))
    if AccountState.NO_ACCOUNT not in states:
        yield known
        return
    without = sa.select(col(Person.id)).where(col(Person.kind) == PersonKind.STUDENT, sa.not_(col(Person.has_account)))
    yield without if len(states) == 1 else without.union_all(known)


def _reach(filter: StudentFilter, student: sa.ColumnElement[bool], given: Given) -> Iterator[Ids]:
    """Who lacks an address: the flags stand in one index."""
    people = sa.select(col(Person.id)).where(student)
    if filter.has_mobile is False:
        yield people.where(sa.not_(reachability.has_mobile(given.policy)))
    if filter.has_personal_email is not None:
        yield people.where(col(Person.personal_email_valid).is_(filter.has_personal_email))
    if filter.has_contact_email is not None:
        yield people.where(col(Person.contact_email_valid).is_(filter.has_contact_email))
