"""How many, and in which state: the line under a class and the table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from core.documents.report_pdf import ReportPDF


@dataclass(frozen=True)
class Tally:
    """What is counted."""

    people: int = 0
    active: int = 0
    verified: int = 0
    invited: int = 0
    signed_in: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls,
        *,
        active: Sequence[int],
        verified: Sequence[int],
        invited: Sequence[object],
        signed_in: Sequence[object],
        states: Sequence[str],
    ) -> Tally:
        """Count columns of a list; None stands for whoever was not invited, or never signed in."""
        return cls(
            len(states),
            active=sum(active),
            verified=sum(verified),
            invited=len(invited) - invited.count(None),
            signed_in=len(signed_in) - signed_in.count(None),
            states=Counter(states),
        )

    def in_words(self, one: str, many: str) -> str:
        """25 students · 24 active · 12 verified · …"""
        people = f"1 {one}" if self.people == 1 else f"{self.people:,} {many}"
        counts = (f"{self.active:,} active", f"{self.verified:,} verified", f"{self.invited:,} invited")
        return " · ".join((people, *counts, f"{self.signed_in:,} signed in"))

    def by_state(self, states: Mapping[str, str]) -> str:
        """Signed in 10 · Invited 8 · …, in the order of `states`."""
        return " · ".join(f"{label} {self.states[state]:,}" for state, label in states.items() if self.states[state])


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


def height(tally: Tally) -> float:
    """How much room the table of states needs."""
    return 48 + 14.0 * len(tally.states)


def draw(
    tally: Tally,
    states: Mapping[str, str],
    *,
    people: tuple[str, str],
    colours: Mapping[str, str],
    pdf: ReportPDF,
    x: float,
    top: float,
    bar: float = 180,
) -> bytes:
    """The totals of the whole document: a line per state that occurs, its number, its share, a bar."""
    drawn = [pdf.bold.line("Totals", x, top - 24, 10), pdf.plain.line(tally.in_words(*people), x + 52, top - 24, 8)]
    y = top - 44
    for state, label in states.items():
        if tally.states[state]:
            drawn.append(_line(tally.states[state], tally.people, label, ink(colours.get(state, "")), pdf, x, y, bar))
            y -= 14
    return b"".join(drawn)


def notes(lines: Sequence[str], *, pdf: ReportPDF, x: float, top: float) -> bytes:
    """Small lines, one below the other."""
    drawn = [pdf.plain.line(line, x, top - 12 * at, 7.5, limit=785) for at, line in enumerate(lines, start=1)]
    return b"".join([b".35 g\n", *drawn, b"0 g\n"])


def ink(colour: str) -> bytes:
    """ "#1e7d46" as an operator; grey for none."""
    if not colour:
        return b".3 g"
    return b"%.3f %.3f %.3f rg" % tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _line(
    count: int, people: int, label: str, colour: bytes, pdf: ReportPDF, x: float, y: float, width: float
) -> bytes:
    bar = b".9 g %.1f %.1f %.1f 7 re f %b %.1f %.1f %.2f 7 re f 0 g\n"
    return b"".join(
        (
            pdf.plain.line(label, x, y, 8),
            pdf.bold.line(f"{count:,}", x + 140, y, 8, right=True),
            pdf.plain.line(f"{100 * count / people:.1f} %", x + 185, y, 8, right=True),
            bar % (x + 200, y - 0.7, width, colour, x + 200, y - 0.7, width * count / people),
        )
    )
