"""What is the same on many slips: labels, the portal's address, the first three steps. Drawn once for each kind."""

from __future__ import annotations

from core.documents.ink import Ink
from core.documents.papers import Credentials
from core.documents.report_pdf import ReportPDF
from core.documents.slip_layout import Sheet
from core.documents.text import clean
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.rules.slip_words import SlipWords

Kind = tuple[str, SlipSecret, bool]  # language, the way in, with a code
_EXTRA, _EXTRA_LINES = 6.5, 2


class Frames(dict[Kind, bytes]):
    """The frame of each kind of slip, from its upper left corner."""

    def __init__(self, sheet: Sheet, pdf: ReportPDF, paper: Credentials) -> None:
        super().__init__()
        self._sheet, self._pdf, self._paper = sheet, pdf, paper
        self._plain, self._bold = pdf.plain, pdf.bold

    def __missing__(self, kind: Kind) -> bytes:
        language, secret, with_code = kind
        said = slip_words.words(language)
        drawn = [self._head(said, language), self._instead(said, secret), self._steps(said, secret), self._end(said)]
        if with_code:
            drawn.append(self.under_code(slip_words.under_code(secret, language)))
        self[kind] = made = b"".join(drawn)
        return made

    def _head(self, said: SlipWords, language: str) -> bytes:
        """The school, the labels, the portal."""
        sheet, s, dated = self._sheet, self._sheet.scale, self._paper.parameters.dated
        rules = [b"%.2f %.2f m %.2f %.2f l\n" % (sheet.pad, y, sheet.width - sheet.pad, y) for y in self._rules()]
        school = " · ".join(filter(None, (self._paper.head.school, slip_words.day(dated, language) if dated else "")))
        return b"".join(
            (
                b"0.4 w .75 G\n" + b"".join(rules) + b"S\n",
                self._logo(),
                b".4 g\n",
                self._plain.line(school, sheet.pad, sheet.down(13), 7 * s, limit=sheet.room - 70 * s),
                self._label(said.portal, 52),
                self._label(said.username, 76.5),
                self._label(said.password, 98),
                b"0 g\n",
                self._fitting(self._bold, self._paper.portal, 61.5, 9),
            )
        )

    def _logo(self) -> bytes:
        sheet, logo = self._sheet, self._pdf.logo
        if logo is None:
            return b""
        high, wide = 32 * sheet.scale, 64 * sheet.scale
        width = min(wide, high * logo.shape)
        return logo.drawn(sheet.width - sheet.pad - width, -7 * sheet.scale, height=high, width=wide)

    def _rules(self) -> tuple[float, float]:
        return self._sheet.down(43), self._sheet.down(132.5)

    def _instead(self, said: SlipWords, secret: SlipSecret) -> bytes:
        text = said.instead.get(secret, "")
        return self._fitting(self._bold, text, 110, 8.5) if text else b""

    def _steps(self, said: SlipWords, secret: SlipSecret) -> bytes:
        steps = said.steps.get(secret, ())
        return b"".join(self._across(step, 141.5 + 10.5 * at, 7.5) for at, step in enumerate(steps))

    def _end(self, said: SlipWords) -> bytes:
        """The school's own words, on two lines at most, and where to sign."""
        sheet, s, parameters = self._sheet, self._sheet.scale, self._paper.parameters
        text, size = " ".join(parameters.extra_text.split()), _EXTRA * s
        lines = self._plain.paragraph(text, sheet.room, size)
        while len(lines) > _EXTRA_LINES:
            size *= 0.95
            lines = self._plain.paragraph(text, sheet.room, size)
        drawn = [
            self._plain.line(line, sheet.pad, sheet.down(171.5) - 8 * s * at, size) for at, line in enumerate(lines)
        ]
        if parameters.signature_line:
            drawn.append(self._signature(said))
        return b"".join(drawn)

    def _signature(self, said: SlipWords) -> bytes:
        sheet, size, y = self._sheet, 6.5 * self._sheet.scale, self._sheet.down(190.5)
        begin = sheet.pad + self._plain.width(said.signature, size) + 4
        rule = b"0.4 w .3 G %.2f %.2f m %.2f %.2f l S\n" % (begin, y - 1, sheet.width - sheet.pad, y - 1)
        return self._plain.line(said.signature, sheet.pad, y, size) + rule

    def under_code(self, text: str, *, line: int = 1) -> bytes:
        """A line below the code, and hardly wider."""
        sheet, size = self._sheet, 6.0 * self._sheet.scale
        size *= min(1.0, (sheet.code + 6 * sheet.scale) / max(1.0, self._plain.width(text, size)))
        y = sheet.upper - sheet.code - 6 * sheet.scale * line
        return self._plain.line(text, sheet.width - sheet.pad, y, size, right=True)

    def _label(self, text: str, y: float) -> bytes:
        return self._plain.line(text, self._sheet.pad, self._sheet.down(y), 6.5 * self._sheet.scale)

    def _across(self, text: str, y: float, size: float) -> bytes:
        sheet, size = self._sheet, size * self._sheet.scale
        size *= min(1.0, sheet.room / max(1.0, self._plain.width(text, size)))
        return self._plain.line(text, sheet.pad, sheet.down(y), size)

    def _fitting(self, ink: Ink, text: str, y: float, size: float) -> bytes:
        """Beside the code, smaller or on several lines: an address that is cut short opens nothing."""
        sheet, size = self._sheet, size * self._sheet.scale
        drawn = ink.cell(clean(text), sheet.narrow, size, exact=True)[0]
        return b"BT %b %.2f Tf %.2f %.2f Td (%b)Tj ET\n" % (ink.face.name, size, sheet.pad, sheet.down(y), drawn)


class Ends(dict[str, bytes]):
    """Until when a link works, below what its code is for. Many end together."""

    def __init__(self, frames: Frames) -> None:
        super().__init__({"": b""})
        self._frames = frames

    def __missing__(self, text: str) -> bytes:
        self[text] = made = self._frames.under_code(text, line=2)
        return made
