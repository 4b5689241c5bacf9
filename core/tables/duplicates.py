"""Is somebody who is being registered known already? The same name, either half first, the same address or mobile.

Asked of the substring index: a name's phrase or an address is rare even among a million.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.permissions import Actor, Permission
from core.rules.likeness import Likeness
from core.rules.search_text import fold_name, phrase
from core.tables import found_people, scope, search
from core.tables.found_people import Found

AT_MOST = 5
_EMAILS = ("personal_email", "contact_email", "external_email")


@dataclass(frozen=True)
class Alike:
    """Somebody who may be the same person, and why."""

    found: Found
    likeness: tuple[Likeness, ...]


def find(
    db: Session,
    actor: Actor,
    *,
    kind: str,
    first_name: str = "",
    last_name: str = "",
    emails: Collection[str] = (),
    mobile: str = "",
) -> list[Alike]:
    """The first few of the same kind who look alike, within the actor's scope. `mobile` as E.164."""
    actor.require(Permission.EDIT_STUDENTS)
    why: dict[int, list[Likeness]] = {}
    asked = (
        (Likeness.NAME, _named(db, actor, kind, fold_name(first_name), fold_name(last_name))),
        (Likeness.EMAIL, _with_email(db, actor, kind, {email.strip().lower() for email in emails if email.strip()})),
        (Likeness.MOBILE, _with_mobile(db, actor, kind, mobile)),
    )
    for likeness, ids in asked:
        for person_id in ids:
            why.setdefault(person_id, []).append(likeness)
    first = sorted(why, key=lambda person_id: (-len(why[person_id]), person_id))[:AT_MOST]
    people = {found.id: found for found in found_people.of(db, actor, ids=first, kind=kind, limit=AT_MOST)}
    return [Alike(people[person_id], tuple(why[person_id])) for person_id in first if person_id in people]


def _named(db: Session, actor: Actor, kind: str, first: str, last: str) -> list[int]:
    """Whoever has both names one after the other, also among further names."""
    if not first or not last:
        return []
    either = dict.fromkeys((f" {last} {first} ", f" {first} {last} "))
    ids = [_ids(db, actor, kind, col(Person.id).in_(search.found(db, actor, phrase(said)))) for said in either]
    return list(dict.fromkeys(chain.from_iterable(ids)))


def _with_email(db: Session, actor: Actor, kind: str, emails: set[str]) -> list[int]:
    """Capitals do not matter; the index finds more than the same address, and the columns decide."""
    ids: list[int] = []
    for email in sorted(emails):
        same = sa.or_(*(sa.func.lower(col(getattr(Person, name))) == email for name in _EMAILS))
        found = search.found(db, actor, phrase(f" {fold_name(email)}"))
        ids += _ids(db, actor, kind, sa.and_(col(Person.id).in_(found), same))
    return list(dict.fromkeys(ids))


def _with_mobile(db: Session, actor: Actor, kind: str, mobile: str) -> list[int]:
    return _ids(db, actor, kind, col(Person.mobile) == mobile) if mobile else []


def _ids(db: Session, actor: Actor, kind: str, holds: Any) -> list[int]:
    query = sa.select(col(Person.id)).where(holds, col(Person.kind) == kind, scope.people(actor))
    return list(db.scalars(query.order_by(col(Person.id)).limit(AT_MOST)))
