"""Slips: initial credentials of one account each, to cut out and hand over. Nothing is issued or reset by drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from core.documents import credential_pages, slip_layout
from core.documents.credential_pages import Foot, fitted
from core.documents.papers import Credentials
from core.documents.qr import LinkCodes
from core.documents.slip_frame import Ends, Frames
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.rules.initial_credentials import LINK_LENGTH

AT_ONCE = 500  # slips encoded together
_TEXTS = slice(7)  # of a row: name to username, in whatever script


def render(paper: Credentials) -> bytes:
    """The PDF file."""
    return _Drawing(paper).file()


@dataclass
class _Page:
    """What is to stand on the next page: slips, the texts on them, the groups that begin there and at which slip."""

    slips: list[bytes] = field(default_factory=list)
    texts: list[tuple[str, ...]] = field(default_factory=list)
    begins: list[tuple[int, int]] = field(default_factory=list)


class _Drawing:
    """One document being drawn."""

    def __init__(self, paper: Credentials) -> None:
        self.paper, self.sheet = paper, slip_layout.sheet(int(paper.parameters.layout))
        self.pdf = credential_pages.document(paper)
        self.frames = Frames(self.sheet, self.pdf, paper)
        self.ends = Ends(self.frames)
        self.codes = LinkCodes(paper.link, LINK_LENGTH, expected=sum(group.count for group in paper.groups))
        self.foot = Foot(self.pdf, paper, pages=self._number_of_pages())
        self.cuts, self.template = self.sheet.cuts(), self._template()

    def file(self) -> bytes:
        page, last = _Page(), -1
        for group, texts, slip in self._slips():
            full = len(page.slips) == self.sheet.number
            if full or (page.slips and group != last and self.paper.parameters.page_per_class):
                page = self._finish(page)
            if group != last:
                page.begins.append((group, len(page.slips)))
                last = group
            page.slips.append(slip)
            page.texts.append(texts)
        self._finish(page)
        return self.pdf.finished()

    def _slips(self) -> Iterator[tuple[int, tuple[str, ...], bytes]]:
        """All slips with the numbers of their groups and the texts on them; many classes are encoded together."""
        numbers: list[int] = []
        columns: list[list[Any]] = []
        for number, group in enumerate(self.paper.groups):
            for table in group.load():
                columns = [[*had, *more] for had, more in zip(columns or [[]] * len(table), table, strict=True)]
                numbers += [number] * len(table[0])
                if len(numbers) >= AT_ONCE:
                    yield from zip(numbers, zip(*columns[_TEXTS], strict=True), self._some(columns), strict=True)
                    numbers, columns = [], []
        if numbers:
            yield from zip(numbers, zip(*columns[_TEXTS], strict=True), self._some(columns), strict=True)

    def _number_of_pages(self) -> int:
        counts = [group.count for group in self.paper.groups]
        together = counts if self.paper.parameters.page_per_class else [sum(counts)]
        return sum(-(-count // self.sheet.number) for count in together)

    def _finish(self, page: _Page) -> _Page:
        corners = [self.sheet.corner(at) for at in range(len(page.slips))]
        placed = [
            b"q 1 0 0 1 %.2f %.2f cm\n%bQ\n" % (*corner, slip) for corner, slip in zip(corners, page.slips, strict=True)
        ]
        foot = self.foot.drawn(self.pdf.page + 1, chain.from_iterable(page.texts))
        self.pdf.page_of(b"".join([*placed, self.cuts, foot]))
        for group, at in page.begins:
            self.pdf.bookmark(self.paper.groups[group].title, top=corners[at][1])
        return _Page()

    def _some(self, columns: Sequence[Sequence[Any]]) -> Iterator[bytes]:
        """Slips, each from its own upper left corner."""
        name, code, title, kind, relation, wards, username, way, password, until, token, link_until, language, _ = (
            columns
        )
        zone, secret = self.paper.head.zone, list(map(SlipSecret, way))
        about = [
            " · ".join(filter(None, (room, number, slip_words.account_of(spoken, who, tie, of))))
            for room, number, spoken, who, tie, of in zip(title, code, language, kind, relation, wards, strict=True)
        ]
        ends = [slip_words.until(*row, zone) for row in zip(secret, until, language, strict=True)]
        link_ends = [slip_words.link_until(*row, zone) for row in zip(link_until, language, strict=True)]
        sheet, s, pdf = self.sheet, self.sheet.scale, self.pdf
        encoded = (
            fitted(pdf.bold, name, sheet.room - self._beside_logo(), 12 * s, exact=False),
            fitted(pdf.plain, about, sheet.room - self._beside_logo(), 7.5 * s, exact=False),
            fitted(pdf.mono, username, sheet.narrow, 10 * s, exact=True),
            fitted(pdf.mono, password, sheet.narrow, 12.5 * s, exact=True),
            fitted(pdf.plain, ends, sheet.narrow, 7.5 * s, exact=True),
        )
        codes, template = self._codes(token), self.template
        for at, texts in enumerate(zip(*encoded, strict=True)):
            frame = self.frames[language[at], secret[at], bool(token[at])]
            yield b"".join((frame, template % texts, codes[at], self.ends[link_ends[at]]))

    def _beside_logo(self) -> float:
        return 70 * self.sheet.scale if self.pdf.logo else 0

    def _template(self) -> bytes:
        """The five texts that differ from slip to slip."""
        s, left, down, pdf = self.sheet.scale, self.sheet.pad, self.sheet.down, self.pdf
        places = (
            (pdf.bold, 12 * s, 27.0),
            (pdf.plain, 7.5 * s, 38.0),
            (pdf.mono, 10 * s, 86.0),
            (pdf.mono, 12.5 * s, 111.0),
            (pdf.plain, 7.5 * s, 122.0),
        )
        return b"".join(
            b"BT %b %.2f Tf %.2f %.2f Td (%%b)Tj ET\n" % (ink.face.name, size, left, down(y)) for ink, size, y in places
        )

    def _codes(self, tokens: Sequence[str]) -> list[bytes]:
        drawn = iter(self.codes.paths([token for token in tokens if token]))
        side, sheet = self.sheet.code, self.sheet
        unit = side / self.codes.size
        place = b"q %.4f 0 0 %.4f %.2f %.2f cm\n" % (unit, unit, sheet.width - sheet.pad - side, sheet.upper - side)
        return [place + next(drawn) + b"Q\n" if token else b"" for token in tokens]
