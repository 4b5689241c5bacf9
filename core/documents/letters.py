"""Letters with initial credentials: one for each account, or one for each family with its accounts in boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from core.documents import credential_pages, slip_layout
from core.documents.credential_pages import Foot
from core.documents.ink import LEADING, SMALLEST, Ink
from core.documents.papers import Credentials
from core.documents.qr import LinkCodes
from core.documents.text import clean
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.rules.initial_credentials import LINK_LENGTH
from core.rules.slip_words import SlipWords

LEFT, RIGHT, TOP, FOOT = 57.0, 538.0, 790.0, 60.0
_WIDTH = RIGHT - LEFT
_BOX, _GAP, _CODE = 126.0, 12.0, 92.0
_STEP, _STEPS = 15.0, 60.0  # a line of them, three of them with air
_SIGNATURE = 46.0
_TYPED = 331.0  # what the end of the password leaves of a line


@dataclass(frozen=True)
class Slip:
    """A row of the paper, by name."""

    name: str
    code: str
    title: str
    kind: str
    relation: str
    wards: str
    username: str
    secret: str
    password: str
    until: str
    token: str
    link_until: str
    language: str
    letter: int

    def texts(self) -> tuple[str, ...]:
        """What is in whatever script its people write."""
        return self.name, self.code, self.title, self.relation, self.wards, self.username


def render(paper: Credentials) -> bytes:
    """The PDF file."""
    return _Drawing(paper).file()


class _Drawing:
    """One document being drawn."""

    def __init__(self, paper: Credentials) -> None:
        self.paper, self.parameters = paper, paper.parameters
        self.pdf = credential_pages.document(paper)
        self.codes = LinkCodes(paper.link, LINK_LENGTH, expected=sum(group.count for group in paper.groups))
        self.heads: dict[str, tuple[bytes, bytes, float]] = {}
        self.foot = Foot(self.pdf, paper, pages=sum(len(self._plan(letter)) for _, letter in self._letters()))

    def file(self) -> bytes:
        bookmarked = -1
        for group, letter in self._letters():
            for number, (begin, end) in enumerate(plan := self._plan(letter)):
                boxes = letter[begin:end]
                drawn = self._page(letter, boxes, first=not number, last=number == len(plan) - 1)
                texts = chain.from_iterable(slip.texts() for slip in (letter[0], *boxes))
                self.pdf.page_of(drawn + self.foot.drawn(self.pdf.page + 1, texts))
                if bookmarked != group:
                    self.pdf.bookmark(self.paper.groups[group].title, top=slip_layout.HEIGHT)
                    bookmarked = group
        return self.pdf.finished()

    def _letters(self) -> Iterator[tuple[int, list[Slip]]]:
        """The slips of each letter, with the number of its group."""
        for number, group in enumerate(self.paper.groups):
            rows = chain.from_iterable(zip(*table, strict=True) for table in group.load())
            for _letter, slips in groupby((Slip(*row) for row in rows), key=lambda slip: slip.letter):
                yield number, list(slips)

    def _plan(self, letter: Sequence[Slip]) -> list[tuple[int, int]]:
        """Which boxes stand on each page; the last page has room for the steps and the signature."""
        room = self._head(letter[0].language)[2] - FOOT
        ending = _STEPS * len(_ways(letter)) + (_SIGNATURE if self.parameters.signature_line else 0)
        pages, begin = [], 0
        while True:
            fits = max(1, int((room + _GAP) // (_BOX + _GAP))) if begin < len(letter) else 0
            end = min(len(letter), begin + fits)
            pages.append((begin, end))
            if end == len(letter) and (end - begin) * (_BOX + _GAP) + ending <= max(room, ending):
                return pages
            begin, room = end, TOP - 30 - FOOT

    def _page(self, letter: Sequence[Slip], boxes: Sequence[Slip], *, first: bool, last: bool) -> bytes:
        said, (head, short, y) = slip_words.words(letter[0].language), self._head(letter[0].language)
        to = said.greeting % letter[0].name
        if first:
            drawn = [head, self._line(self.pdf.bold, to, 682, 11), self._about(letter[0])]
        else:
            drawn, y = [short, self._line(self.pdf.bold, to, TOP - 8, 10)], TOP - 30
        codes = iter(self.codes.paths([slip.token for slip in boxes if slip.token]))
        for slip in boxes:
            drawn.append(self._box(slip, y, next(codes) if slip.token else b""))
            y -= _BOX + _GAP
        if last:
            drawn.append(self._ending(letter, said, y))
        return b"".join(drawn)

    def _head(self, language: str) -> tuple[bytes, bytes, float]:
        """What stands above the boxes on the first page and on others; how high up the first box begins."""
        if language not in self.heads:
            self.heads[language] = self._head_in(language)
        return self.heads[language]

    def _head_in(self, language: str) -> tuple[bytes, bytes, float]:
        said, pdf, head, dated = slip_words.words(language), self.pdf, self.paper.head, self.parameters.dated
        beside = min(130.0, 44 * pdf.logo.shape) + 12 if pdf.logo else 0.0
        drawn = [
            pdf.logo.drawn(LEFT, TOP, height=44, width=130) if pdf.logo else b"",
            pdf.bold.line(head.school, LEFT + beside, TOP - 18, 14, limit=_WIDTH - beside),
            b".35 g\n" + pdf.plain.line(head.period, LEFT + beside, TOP - 33, 8.5, limit=300),
            pdf.plain.line(slip_words.day(dated, language), RIGHT, TOP - 33, 8.5, right=True) if dated else b"",
            b"0 g 0.8 w 0 G %.1f %.1f m %.1f %.1f l S\n" % (LEFT, TOP - 52, RIGHT, TOP - 52),
            pdf.bold.line(said.letter, LEFT, 638, 15, limit=_WIDTH),
        ]
        y = 617.0
        for line in pdf.plain.paragraph(f"{said.intro}\n{self.parameters.extra_text}".strip(), _WIDTH, 9.5):
            drawn.append(pdf.plain.line(line, LEFT, y, 9.5))
            y -= 13
        rule = b"0.4 w .6 G %.1f %.1f m %.1f %.1f l S\n" % (LEFT, TOP - 16, RIGHT, TOP - 16)
        return b"".join(drawn), rule, y - 2

    def _about(self, slip: Slip) -> bytes:
        about = " · ".join(filter(None, (slip.title, slip.code)))
        return b".35 g\n" + self.pdf.plain.line(about, LEFT, 668, 9, limit=_WIDTH) + b"0 g\n"

    def _box(self, slip: Slip, top: float, code: bytes) -> bytes:
        """One account: whose it is, the portal, the username, the way in, and the code of its link."""
        said, pdf, x = slip_words.words(slip.language), self.pdf, LEFT + 12
        narrow = _WIDTH - 24 - (_CODE + 14 if code else 0)
        owner = slip_words.account_of(slip.language, slip.kind, slip.relation, slip.wards)
        about = " · ".join(filter(None, (slip.title, owner)))
        drawn = [
            b"0.8 w .55 G %.1f %.1f %.1f %.1f re S\n" % (LEFT, top - _BOX, _WIDTH, _BOX),
            pdf.bold.line(slip.name, x, top - 17, 11, limit=narrow),
            b".35 g\n" + pdf.plain.line(about, x, top - 29, 8, limit=narrow),
            pdf.plain.line(said.portal, x, top - 42, 6.5),
            pdf.plain.line(said.username, x, top - 66, 6.5),
            pdf.plain.line(said.password, x, top - 92, 6.5),
            b"0 g\n",
            _exact(pdf.bold, self.paper.portal, x, top - 53, 10, narrow),
            _exact(pdf.mono, slip.username, x, top - 78.5, 11.5, narrow),
        ]
        if slip.password:
            drawn.append(_exact(pdf.mono, slip.password, x, top - 106, 14, narrow))
        else:
            drawn.append(_exact(pdf.bold, said.instead[SlipSecret(slip.secret)], x, top - 104, 9.5, narrow))
        until = slip_words.until(SlipSecret(slip.secret), slip.until, slip.language, self.paper.head.zone)
        drawn.append(pdf.plain.line(until, x, top - 119, 8))
        if code:
            drawn.append(self._code(slip, said, top, code))
        return b"".join(drawn)

    def _code(self, slip: Slip, said: SlipWords, top: float, code: bytes) -> bytes:
        """The code, and the same link below it for those who type."""
        side, unit = _CODE, _CODE / self.codes.size
        x, y = RIGHT - 12 - side, top - 6 - side
        until = slip_words.link_until(slip.link_until, slip.language, self.paper.head.zone)
        below = (slip_words.under_code(SlipSecret(slip.secret), slip.language), until)
        said_below = [
            self.pdf.plain.line(
                text, RIGHT - 12, y + 0.5 - 6.6 * line, _to_fit(self.pdf.plain, text, 6.5, side), right=True
            )
            for line, text in enumerate(below, start=1)
        ]
        typed = self._typed(f"{said.type_link} {self.paper.link}{slip.token}", top)
        return b"q %.4f 0 0 %.4f %.2f %.2f cm\n%bQ\n" % (unit, unit, x, y, code) + b"".join(said_below) + typed

    def _typed(self, text: str, top: float) -> bytes:
        """The link for those who type, on as many lines as can be read."""
        size = _to_fit(self.pdf.plain, text, 6.5, _TYPED)
        lines = [text] if size >= SMALLEST else self.pdf.plain.wrap(text, _TYPED)
        size, first = max(size, SMALLEST), top - (117.3 if len(lines) > 1 else 120)
        return b"".join(
            self.pdf.plain.line(line, RIGHT - 12, first - LEADING * at, size, right=True)
            for at, line in enumerate(lines)
        )

    def _ending(self, letter: Sequence[Slip], said: SlipWords, y: float) -> bytes:
        drawn = []
        for way in _ways(letter):
            for at, step in enumerate(said.steps[way]):
                drawn.append(self._line(self.pdf.plain, step, y - 14 - _STEP * at, 9.5))
            y -= _STEPS
        if self.parameters.signature_line:
            begin = LEFT + self.pdf.plain.width(said.signature, 9) + 8
            drawn.append(self.pdf.plain.line(said.signature, LEFT, y - 30, 9))
            drawn.append(b"0.5 w 0 G %.1f %.1f m %.1f %.1f l S\n" % (begin, y - 31, RIGHT, y - 31))
        return b"".join(drawn)

    def _line(self, ink: Ink, text: str, y: float, size: float) -> bytes:
        return ink.line(text, LEFT, y, size, limit=_WIDTH)


def _ways(letter: Sequence[Slip]) -> list[SlipSecret]:
    """The ways in for which steps are told, each once."""
    known = slip_words.words("en").steps
    return list(dict.fromkeys(SlipSecret(slip.secret) for slip in letter if SlipSecret(slip.secret) in known))


def _exact(ink: Ink, text: str, x: float, y: float, size: float, room: float) -> bytes:
    """A line that is never shortened: smaller, and on several lines where even that is too long."""
    drawn = ink.cell(clean(text), room, size, exact=True)[0]
    return b"BT %b %.2f Tf %.2f %.2f Td (%b)Tj ET\n" % (ink.face.name, size, x, y, drawn)


def _to_fit(ink: Ink, text: str, size: float, room: float) -> float:
    return size * min(1.0, room / max(1.0, ink.width(text, size)))
