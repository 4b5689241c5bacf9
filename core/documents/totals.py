"""How many, and in which state: the line under a class and the table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from core.documents.ink import Ink
from core.documents.papers import AccountColumns

_BAR = 180.0


@dataclass(frozen=True)
class Tally:
    """What is counted."""

    people: int = 0
    active: int = 0
    verified: int = 0
    invited: int = 0
    signed_in: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def in_words(self) -> str:
        """25 students · 24 active · 12 verified · …"""
        students = "1 student" if self.people == 1 else f"{self.people:,} students"
        counts = (f"{self.active:,} active", f"{self.verified:,} verified", f"{self.invited:,} invited")
        return " · ".join((students, *counts, f"{self.signed_in:,} signed in"))


def tally_of(columns: AccountColumns) -> Tally:
    """Count one class."""
    *_, active, verified, invited, signed_in, states = columns
    people = len(states)
    return Tally(
        people,
        active=sum(active),
        verified=sum(verified),
        invited=people - invited.count(None),
        signed_in=people - signed_in.count(None),
        states=Counter(states),
    )


def sum_of(tallies: Sequence[Tally]) -> Tally:
    """Count all classes together."""
    return Tally(
        people=sum(tally.people for tally in tallies),
        active=sum(tally.active for tally in tallies),
        verified=sum(tally.verified for tally in tallies),
        invited=sum(tally.invited for tally in tallies),
        signed_in=sum(tally.signed_in for tally in tallies),
        states=Counter(chain.from_iterable(tally.states.elements() for tally in tallies)),
    )


def height(tally: Tally, notes: Sequence[str]) -> float:
    """How much room the table at the end needs, with a line to spare for what is noticed while drawing."""
    return 48 + 14.0 * len(tally.states) + 12 * (len(notes) + 1)


def draw(
    tally: Tally, states: Mapping[str, str], notes: Sequence[str], *, plain: Ink, bold: Ink, x: float, top: float
) -> bytes:
    """The totals of the whole document: a line per state that occurs, its number, its share, a bar."""
    drawn = [bold.line("Totals", x, top - 24, 10), plain.line(tally.in_words, x + 52, top - 24, 8)]
    y = top - 44
    for state, label in states.items():
        if tally.states[state]:
            drawn.append(_line(tally.states[state], tally.people, label, plain=plain, bold=bold, x=x, y=y))
            y -= 14
    drawn.append(b".35 g\n")
    for note in notes:
        y -= 12
        drawn.append(plain.line(note, x, y, 7.5, limit=785))
    return b"".join([*drawn, b"0 g\n"])


def _line(count: int, people: int, label: str, *, plain: Ink, bold: Ink, x: float, y: float) -> bytes:
    bar = b".85 g %.1f %.1f %.1f 7 re f .3 g %.1f %.1f %.2f 7 re f 0 g\n"
    return b"".join(
        (
            plain.line(label, x, y, 8),
            bold.line(f"{count:,}", x + 140, y, 8, right=True),
            plain.line(f"{100 * count / people:.1f} %", x + 185, y, 8, right=True),
            bar % (x + 200, y - 0.7, _BAR, x + 200, y - 0.7, _BAR * count / people),
        )
    )
