"""Everybody by their id: the number of what is true of them, and their account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
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
        self._numbers[said] = new
        return new

    def that_meet(self, demands: Demands) -> Truths:
        """For each number, whether all demands are met."""
        meet = np.ones(len(self._numbers), np.bool_)
        for name, wanted in demands:
            place = facts.NAMES.index(name)
            values = self._values[place]
            of_value = np.fromiter(map(wanted, values), np.bool_, len(values))
            meet &= of_value[self._of_each[place, : len(meet)]]
        return meet


@dataclass
class People:
    """All of a school, as they were when they were read, or read again."""

    given: Given
    today: date
    current: frozenset[int]
    combinations: Combinations
    numbers: npt.NDArray[np.int32]
    accounts: Ids

    def meeting(self, demands: Demands) -> Truths:
        """For each id, whether this person meets all demands."""
        return self.combinations.that_meet(demands)[self.numbers]

    def among(self, ids: Ids) -> Truths:
        """For each id, whether it is one of these."""
        truths = np.zeros(len(self.numbers), np.bool_)
        truths[ids[ids < len(truths)]] = True
        return truths

    def read_again(self, db: Session, given: Given, ids: Collection[int]) -> None:
        """What is true of these people now; whoever is not there any more is nobody."""
        self._make_room(max(ids, default=0))
        gone = np.fromiter(ids, np.int32, len(ids))
        self.numbers[gone] = self.accounts[gone] = 0
        for person_id, account_id, said in facts.of_people(db, given, sorted(ids)):
            self.numbers[person_id], self.accounts[person_id] = self.combinations.number(said), account_id

    def _make_room(self, highest: int) -> None:
        if highest >= len(self.numbers):
            more = highest + _ROOM - len(self.numbers)
            self.numbers, self.accounts = np.pad(self.numbers, (0, more)), np.pad(self.accounts, (0, more))


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
