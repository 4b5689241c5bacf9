"""The names of the demo school, from data/sample_school."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from random import Random

from core.config import ROOT

_FOLDER = ROOT / "data" / "sample_school"


@dataclass(frozen=True)
class Name:
    """A name as written, and in the Latin letters of addresses and usernames."""

    written: str
    latin: str


@dataclass(frozen=True)
class Culture:
    """Where a family's names come from; `given` and `family` hold a list for each of f and m."""

    name: str
    language: str
    country_code: str
    given: dict[str, list[Name]] = field(default_factory=dict)
    family: dict[str, list[Name]] = field(default_factory=dict)


@dataclass(frozen=True)
class Names:
    """All cultures with their weights."""

    cultures: list[Culture]
    weights: list[int]

    def culture(self, chance: Random) -> Culture:
        """The culture of one family."""
        return chance.choices(self.cultures, cum_weights=self.weights)[0]


@lru_cache
def load() -> Names:
    """Read the three files once."""
    rows = list(_rows("cultures.csv"))
    cultures = {row["culture"]: Culture(row["culture"], row["language"], row["country_code"]) for row in rows}
    for row in _rows("given_names.csv"):
        cultures[row["culture"]].given.setdefault(row["gender"], []).append(Name(row["name"], row["latin"]))
    for row in _rows("family_names.csv"):
        family = cultures[row["culture"]].family
        family.setdefault("m", []).append(Name(row["masculine"], row["latin"]))
        family.setdefault("f", []).append(Name(row["feminine"], row["latin"]))
    return Names(list(cultures.values()), list(accumulate(int(row["weight"]) for row in rows)))


def _rows(file: str) -> csv.DictReader[str]:
    return csv.DictReader((_FOLDER / file).read_text(encoding="utf-8").splitlines())
