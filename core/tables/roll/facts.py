"""The facts of people that filters ask for, in the words of the conditions that SQL has for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import AcademicPeriod, Account, Enrolment, EnrolmentKind, Person, Section
from core.rules.reachability import Policy
from core.tables import account_state, account_steps, at_once, conditions, narrowing, reachability
from core.tables.among import AmongIds
from core.tables.built import once_a_day
from core.tables.conditions import Given
from core.tables.frames import NOW
from core.tables.unindexed import Unindexed

Ids = npt.NDArray[np.int32]
Facts = tuple[Any, ...]
_Learnt = aliased(Section)
_Asked = Callable[[Policy], Any]


def _column(column: Any) -> _Asked:
    return lambda _policy: col(column)


def _is_known(column: Any) -> _Asked:
    return lambda _policy: col(column).is_not(None)


FACTS: Mapping[str, _Asked] = {
    **{name: _column(getattr(Person, name)) for name in ("kind", "status", "grade", "programme", "language")},
    **{name: _column(getattr(Account, name)) for name in ("user_type", "sign_in_method", "must_change_password")},
    **{name: _column(getattr(Account, name)) for name in ("delivery", "delivery_reason")},
    **{name: _column(getattr(Person, name)) for name in ("personal_email_valid", "contact_email_valid")},
    **{name: _is_known(getattr(Account, f"{name}_at")) for name in ("deactivated", "suspended", "pending_provider")},
    "signed_in": _is_known(Account.first_sign_in_at),
    "state": lambda policy: account_state.state(NOW, policy),
    "step": lambda _policy: account_steps.latest(),
    "email_refusal": reachability.email_refusal,
    "sms_refusal": reachability.sms_refusal,
    "verified": reachability.verified_address,
    "has_email": reachability.has_email_address,
    "has_mobile": reachability.has_mobile,
    "has_guardian": lambda _policy: conditions.has_guardian(),
    "periods": lambda _policy: _periods(),  # the last, see _as_facts
}
NAMES = tuple(FACTS)
NOBODY: Facts = (None,) * len(FACTS)


def of_everybody(db: Session, given: Given) -> Iterator[tuple[Facts, Ids]]:
    """All people, together where the same is true of them: so the database has the work, and Python is for others."""
    found, *same = _rows(given.policy).subquery().c
    query = sa.select(narrowing.together(db, found), *same).group_by(*same)
    for together, *said in db.connection().execute(query, {"now": given.now}):
        yield _as_facts(said), numbers(together)


def accounts(db: Session) -> tuple[Ids, Ids]:
    """Persons and their accounts, one beside the other."""
    columns: tuple[Any, ...] = (col(Account.person_id), col(Account.id))
    both = [narrowing.together(db, column) for column in columns]
    persons, owned = tuple(db.connection().execute(sa.select(*both)).one())
    return numbers(persons), numbers(owned)


def of_people(db: Session, given: Given, ids: Sequence[int]) -> Iterator[tuple[int, int, Facts]]:
    """Some people, each with their account and what is true of them; who is not there any more is left out."""
    for person_id, account_id, *said in at_once.read_again(db, _some(given.policy), ids=list(ids), now=given.now):
        yield person_id, account_id or 0, _as_facts(said)


def current(db: Session) -> frozenset[int]:
    """The periods that are the current one."""
    return frozenset(db.connection().scalars(sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))))


@once_a_day
def _rows(policy: Policy) -> sa.Select[Any]:
    named = [asked(policy).label(name) for name, asked in FACTS.items()]
    rows = sa.select(col(Person.id).label("id"), *named).select_from(Person)
    return rows.outerjoin(Account, col(Account.person_id) == col(Person.id))


@once_a_day
def _some(policy: Policy) -> sa.Select[Any]:
    found, *same = _rows(policy).selected_columns
    return _rows(policy).with_only_columns(found, col(Account.id), *same).where(AmongIds(col(Person.id)))


def numbers(text: str | None) -> Ids:
    """Ids as the database put them together in one text."""
    return np.fromstring((text or "").strip("[]{}"), dtype=np.int32, sep=",")


def _as_facts(said: Sequence[Any]) -> Facts:
    """With each period once: they are said for each class, in any order."""
    *others, periods = said
    return (*others, " ".join(sorted(set(periods.split()))))


def _periods() -> Any:
    """The periods of all classes under which a person is listed or in which they learn, as one text."""
    learns_in = sa.select(sa.func.aggregate_strings(_period(_Learnt), " "))
    learns_in = learns_in.join(Enrolment, Unindexed(col(Enrolment.section_id)) == col(_Learnt.id)).where(
        col(Enrolment.person_id) == col(Person.id), col(Enrolment.kind) == EnrolmentKind.LEARNER
    )
    listed = sa.select(_period(Section)).where(col(Section.id) == col(Person.section_id))
    texts = [one.correlate(Person).scalar_subquery() for one in (listed, learns_in)]
    return sa.func.coalesce(texts[0], "").concat(" ").concat(sa.func.coalesce(texts[1], ""))


def _period(section: type[Section]) -> Any:
    return sa.cast(col(section.period_id), sa.String())
