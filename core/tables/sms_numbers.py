"""What a card needs beside the person to say where an SMS goes: the guardian's number, and who wants none."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Channel, OptOut, Person
from core.rules.reachability import Policy
from core.tables import reachability


@dataclass(frozen=True)
class Numbers:
    """`guardian`: of the first guardian who may get SMS, empty without one. `opted_out`: numbers that get none."""

    guardian: str
    opted_out: frozenset[str]


def of(db: Session, person: Person, policy: Policy) -> Numbers:
    """The numbers around one person."""
    mine = sa.select(reachability.guardian_number(policy)).where(col(Person.id) == person.id)
    guardian = (db.scalar(mine) or "") if person.kind == "student" else ""
    known = [number for number in (person.mobile, person.phone, guardian) if number]
    stopped = sa.select(col(OptOut.address)).where(col(OptOut.channel) == Channel.SMS, col(OptOut.address).in_(known))
    return Numbers(guardian, frozenset(db.scalars(stopped)))
