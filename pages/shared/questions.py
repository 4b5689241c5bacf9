"""What a list can be asked: the questions, and the answers they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from core.errors import InputProblem

OFFERED_AT_MOST = 300
YES_NO: Mapping[Any, str] = {None: "All", True: "Yes", False: "No"}


class OnDemand(Mapping[Any, str]):
    """Options that are read when they are first looked at: *More filters* is closed on most runs."""

    def __init__(self, read: Callable[[], Mapping[Any, str]]) -> None:
        self._read = cache(read)

    def __getitem__(self, key: Any) -> str:
        return self._read()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@dataclass(frozen=True)
class Choice:
    """One question of a filter: several answers, one of which the first option means any, or a day.

    `unlisted`: what an answer is called that is not offered, but can be asked by a link.
    """

    field: str
    label: str
    options: Mapping[Any, str]
    kind: Literal["many", "one", "day"] = "many"
    unlisted: Callable[[Any], str] = str

    @property
    def is_typed(self) -> bool:
        """Nobody leafs through so many answers: they are typed, and the browser need not hold them all."""
        return self.kind == "many" and len(self.options) > OFFERED_AT_MOST

    def name_of(self, value: Any) -> str:
        return self.options[value] if value in self.options else self.unlisted(value)

    def meant(self, answers: Sequence[Any]) -> list[Any]:
        """The answers with typed names read: every option of that name, in whatever school."""
        found = [value for answer in answers for value in (self._named(answer) if self.is_typed else [answer])]
        return list(dict.fromkeys(found))

    def _named(self, answer: Any) -> list[Any]:
        if answer in self.options:
            return [answer]
        text = str(answer).strip().casefold()
        named = [value for value, name in self.options.items() if text in (name.casefold(), _first_part(name))]
        if not named:
            raise InputProblem(f"There is no {self.label.lower()} “{str(answer)[:40]}”. Type its whole name, like 7B.")
        return named


def _first_part(name: str) -> str:
    """The class without the school behind it."""
    return name.partition(",")[0].casefold()


@dataclass(frozen=True)
class Questions:
    """What a list can be asked: the main questions on the line, the others under *More filters*."""

    main: Sequence[Choice]
    more: Sequence[Choice]

    @property
    def all(self) -> list[Choice]:
        return [*self.main, *self.more]
