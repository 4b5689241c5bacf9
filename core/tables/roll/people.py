"""Everybody by their id: the number of what is true of them, and their account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlmodel import Session

from core import clock
from core.tables.conditions import Given
from core.tables.roll import facts
from core.tables.roll.facts import Facts, Ids
from core.tables.roll.wanted import Demands

Truths = npt.NDArray[np.bool_]  # one for each id of a person
_ROOM = 4_096  # for people who come later


@dataclass
class Combinations:
    """Which facts are true together: some thousand combinations of a million people. The first is nobody's."""

    _numbers: dict[Facts, int] = field(default_factory=dict)
    _values: list[dict[Any, int]] = field(default_factory=lambda: [{} for _name in facts.NAMES])
    _of_each: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros((len(facts.NAMES), 0), np.int32))

    def number(self, said: Facts) -> int:
        """The number of a combination, a new one if it was never seen."""
        known = self._numbers.get(said)
        if known is not None:
            return known
        new = len(self._numbers)
        if new == self._of_each.shape[1]:
            self._of_each = np.pad(self._of_each, ((0, 0), (0, max(_ROOM, new))))
        self._of_each[:, new] = [
            codes.setdefault(value, len(codes)) for codes, value in zip(self._values, said, strict=True)
        ]
        self._numbers[said] = new  # last: readers look at so many as there are
        return new

    def that_meet(self, demands: Demands) -> Truths:
        """For each number, whether all demands are met."""
        meet = np.ones(len(self._numbers), np.bool_)
        for name, wanted in demands:
            place = facts.NAMES.index(name)
            values = list(self._values[place])
            of_value = np.fromiter(map(wanted, values), np.bool_, len(values))
            meet &= of_value[self._of_each[place, : len(meet)]]
        return meet


@dataclass(frozen=True)
class People:
    """All of a school, as they were when they were read, or read again: by their id the number and the account.

    Readers hold no lock: a number changes at once, and who needs more room makes other People of the same.
    """

    given: Given
    today: date
    current: frozenset[int]
    combinations: Combinations
    numbers: npt.NDArray[np.int32]
    accounts: Ids

    def meeting(self, demands: Demands) -> Truths:
        """For each id, whether this person meets all demands."""
        return self.combinations.that_meet(demands).take(self.numbers, mode="clip")

    def among(self, ids: Ids) -> Truths:
        """For each id, whether it is one of these."""
        truths = np.zeros(len(self.numbers), np.bool_)
        truths[ids[ids < len(truths)]] = True
        return truths

    def read_again(self, db: Session, given: Given, ids: Collection[int]) -> People:
        """The same with what is true of these now; whoever is not there any more is nobody."""
        people = self._with_room(max(ids, default=0))
        gone = set(ids)
        for person_id, account_id, said in facts.of_people(db, given, sorted(ids)):
            people.accounts[person_id], people.numbers[person_id] = account_id, self.combinations.number(said)
            gone.discard(person_id)
        people.numbers[list(gone)] = 0
        return people

    def _with_room(self, highest: int) -> People:
        if highest < len(self.numbers):
            return self
        more = highest + _ROOM - len(self.numbers)
        return replace(self, numbers=np.pad(self.numbers, (0, more)), accounts=np.pad(self.accounts, (0, more)))


def read(db: Session, given: Given) -> People:
    """All of them: a second for 200,000, in which other threads work on."""
    combinations = Combinations()
    combinations.number(facts.NOBODY)
    groups = [(combinations.number(said), ids) for said, ids in facts.of_everybody(db, given)]
    persons, owned = facts.accounts(db)
    room = max((int(ids.max()) for _number, ids in groups), default=0) + _ROOM
    people = People(
        given, clock.today(), facts.current(db), combinations, np.zeros(room, np.int32), np.zeros(room, np.int32)
    )
    for number, ids in groups:
        people.numbers[ids] = number
    people.accounts[persons] = owned
    return people
