"""Slips: initial credentials of one account each, to cut out and hand over. Nothing is issued or reset by drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from core.documents import slip_layout
from core.documents.fonts import BOLD, MONO, REGULAR
from core.documents.ink import Ink
from core.documents.moments import day_and_time
from core.documents.papers import ClassRows, Slips
from core.documents.qr import LinkCodes
from core.documents.report_pdf import ReportPDF
from core.documents.slip_frame import Frames
from core.documents.text import clean_all, needs_shaping, places_to_shape
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.rules.initial_credentials import LINK_LENGTH

AT_ONCE = 960  # slips encoded together: whole pages of any kind
NOBODY = "Nobody of those chosen has an account, so there is no slip. Create their accounts, then print again."


def render(paper: Slips) -> bytes:
    """The PDF file."""
    return _Drawing(paper).file()


class _Drawing:
    """One document being drawn."""

    def __init__(self, paper: Slips) -> None:
        head = paper.head
        self.paper, self.sheet = paper, slip_layout.sheet(paper.per_page)
        self.pdf = ReportPDF(
            orientation="P", title=head.title, language=head.language, author=head.school, created=head.created
        )
        self.plain, self.bold, self.mono = (Ink(self.pdf.face(path)) for path in (REGULAR, BOLD, MONO))
        self.frames = Frames(self.sheet, self.plain, self.bold, school=head.school, portal=paper.portal)
        self.codes = LinkCodes(paper.link, LINK_LENGTH, expected=sum(group.count for group in paper.classes))
        self.cuts = self.sheet.cuts() if paper.per_page > 1 else b""
        self.pages = sum(-(-group.count // paper.per_page) for group in paper.classes)

    def file(self) -> bytes:
        if not self.pages:
            self._page([self.plain.line(NOBODY, 0, -100, 11)])
        for group in self.paper.classes:
            drawn = list(self._drawn(group))
            for begin in range(0, len(drawn), self.paper.per_page):
                self._page(drawn[begin : begin + self.paper.per_page])
                if not begin:
                    self.pdf.bookmark(group.title, top=slip_layout.HEIGHT)
        return self.pdf.finished()

    def _page(self, slips: Sequence[bytes]) -> None:
        placed = [b"q 1 0 0 1 %.2f %.2f cm\n%bQ\n" % (*self.sheet.corner(at), slip) for at, slip in enumerate(slips)]
        self.pdf.page_of(b"".join([*placed, self.cuts, self._foot()]))

    def _foot(self) -> bytes:
        head, page = self.paper.head, self.pdf.page + 1
        printed = f"{head.printed_by}, {day_and_time(head.created, ZoneInfo(head.zone))}"
        words = " · ".join(filter(None, (head.school, head.title, head.scope, head.period, printed)))
        right = f"Page {page} of {max(1, self.pages)}"
        return b"".join(
            (
                b"0 g\n",
                self.bold.line("Confidential", slip_layout.SIDE, 14, 7.5),
                b".35 g\n",
                self.plain.line(words, slip_layout.SIDE + 58, 14, 7, limit=420),
                self.plain.line(right, slip_layout.WIDTH - slip_layout.SIDE, 14, 7, right=True),
            )
        )

    def _drawn(self, group: ClassRows) -> Iterator[bytes]:
        """The slips of a class, each from its own upper left corner."""
        columns = group.load()
        for begin in range(0, group.count, AT_ONCE):
            yield from self._some([column[begin : begin + AT_ONCE] for column in columns])

    def _some(self, columns: Sequence[Sequence[Any]]) -> Iterator[bytes]:
        name, code, title, kind, relation, wards, username, secret, password, until, token, language = columns
        about = [
            " · ".join(filter(None, (room, number, slip_words.account_of(spoken, who, tie, of))))
            for room, number, spoken, who, tie, of in zip(title, code, language, kind, relation, wards, strict=True)
        ]
        ends = [
            slip_words.until(at, spoken, self.paper.head.zone) if at else ""
            for at, spoken in zip(until, language, strict=True)
        ]
        sheet, s = self.sheet, self.sheet.scale
        encoded = (
            _fitted(self.bold, name, sheet.room, 12 * s, exact=False),
            _fitted(self.plain, about, sheet.room, 7.5 * s, exact=False),
            _fitted(self.mono, username, sheet.narrow, 10 * s, exact=True),
            _fitted(self.mono, password, sheet.narrow, 12.5 * s, exact=True),
            _fitted(self.plain, ends, sheet.narrow, 7.5 * s, exact=True),
        )
        codes = self._codes(token)
        template = self._template()
        for at, texts in enumerate(zip(*encoded, strict=True)):
            frame = self.frames[language[at], SlipSecret(secret[at]), bool(token[at])]
            yield b"".join((frame, template % texts, codes[at]))

    def _template(self) -> bytes:
        """The five texts that differ from slip to slip."""
        s, left, down = self.sheet.scale, self.sheet.pad, self.sheet.down
        places = (
            (self.bold, 12 * s, 29.0),
            (self.plain, 7.5 * s, 41.0),
            (self.mono, 10 * s, 94.0),
            (self.mono, 12.5 * s, 121.0),
            (self.plain, 7.5 * s, 132.0),
        )
        return b"".join(
            b"BT %b %.2f Tf %.2f %.2f Td (%%b)Tj ET\n" % (ink.face.name, size, left, down(y)) for ink, size, y in places
        )

    def _codes(self, tokens: Sequence[str]) -> list[bytes]:
        drawn = iter(self.codes.paths([token for token in tokens if token]))
        side, sheet = self.sheet.code, self.sheet
        unit = side / self.codes.size
        place = b"q %.4f 0 0 %.4f %.2f %.2f cm\n" % (unit, unit, sheet.width - sheet.pad - side, sheet.down(54) - side)
        return [place + next(drawn) + b"Q\n" if token else b"" for token in tokens]


def _fitted(ink: Ink, texts: Sequence[str], room: float, size: float, *, exact: bool) -> list[bytes]:
    """Texts for "(%b)Tj": what is too wide is shortened, or shrunk and wrapped where it has to be typed."""
    cleaned = clean_all(texts)
    encoded, widths = ink.face.encode_and_measure(cleaned)
    special = set((widths * size / 1000 > room).nonzero()[0].tolist())
    if places_to_shape("".join(cleaned)):
        special.update(at for at, text in enumerate(cleaned) if needs_shaping(text))
    for at in special:
        encoded[at] = ink.cell(cleaned[at], room, size, exact=exact)[0]
    return encoded
