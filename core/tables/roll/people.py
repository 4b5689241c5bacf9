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
_ROOM = 4_096  # for people who come later; the last place is always nobody's


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
    """All of a school, as they were when they were read, or read again. Nobody changes them: others may be reading."""

    given: Given
    today: date
    current: frozenset[int]
    combinations: Combinations
    numbers: npt.NDArray[np.int32]
    accounts: Ids

    def meeting(self, demands: Demands) -> Truths:
        """For each id, whether this person meets all demands."""
        return self.combinations.that_meet(demands).take(self.numbers)

    def among(self, ids: Ids) -> Truths:
        """For each id, whether it is one of these."""
        truths = np.zeros(len(self.numbers), np.bool_)
        truths[ids[ids < len(truths)]] = True
        return truths

    def read_again(self, db: Session, given: Given, ids: Collection[int]) -> People:
        """Others, with what is true of these now; whoever is not there any more is nobody."""
        more = max(0, max(ids, default=0) + 2 - len(self.numbers))
        room = (0, more + _ROOM * (more > 0))
        numbers, accounts = np.pad(self.numbers, room), np.pad(self.accounts, room)
        gone = set(ids)
        for person_id, account_id, said in facts.of_people(db, given, sorted(ids)):
            numbers[person_id], accounts[person_id] = self.combinations.number(said), account_id
            gone.discard(person_id)
        numbers[list(gone)] = 0
        return replace(self, numbers=numbers, accounts=accounts)


def read(db: Session, given: Given) -> People:
    """All of them: five seconds for 200,000, in which other threads work on."""
    today = clock.today()  # the day may change while they are read
    combinations = Combinations()
    combinations.number(facts.NOBODY)
    groups = [(combinations.number(said), ids) for said, ids in facts.of_everybody(db, given)]
    room = max((int(ids.max()) for _number, ids in groups), default=0) + _ROOM
    numbers, accounts = np.zeros(room, np.int32), np.zeros(room, np.int32)
    for number, ids in groups:
        numbers[ids] = number
    persons, owned = facts.accounts(db)
    accounts[persons] = owned
    return People(given, today, facts.current(db), combinations, numbers, accounts)
