"""What is the same on many slips: labels, the portal's address, the first three steps. Drawn once for each kind."""

from __future__ import annotations

from core.documents.ink import Ink
from core.documents.slip_layout import Sheet
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.rules.slip_words import SlipWords

Kind = tuple[str, SlipSecret, bool]  # language, the way in, with a code


class Frames(dict[Kind, bytes]):
    """The frame of each kind of slip, from its upper left corner."""

    def __init__(self, sheet: Sheet, plain: Ink, bold: Ink, *, school: str, portal: str) -> None:
        super().__init__()
        self._sheet, self._plain, self._bold = sheet, plain, bold
        self._school, self._portal = school, portal

    def __missing__(self, kind: Kind) -> bytes:
        language, secret, with_code = kind
        said = slip_words.words(language)
        drawn = [self._head(said), self._instead(said, secret), self._steps(said, secret)]
        if with_code:
            drawn.append(self._under_code(said))
        self[kind] = made = b"".join(drawn)
        return made

    def _head(self, said: SlipWords) -> bytes:
        """The school, the labels, the portal."""
        sheet, s = self._sheet, self._sheet.scale
        rules = [b"%.2f %.2f m %.2f %.2f l\n" % (sheet.pad, y, sheet.width - sheet.pad, y) for y in self._rules()]
        return b"".join(
            (
                b"0.4 w .75 G\n" + b"".join(rules) + b"S\n.4 g\n",
                self._plain.line(self._school, sheet.pad, sheet.down(14), 7 * s, limit=sheet.room),
                self._label(said.portal, 57),
                self._label(said.username, 83),
                self._label(said.password, 108),
                b"0 g\n",
                self._fitting(self._bold, self._portal, 68, 9),
            )
        )

    def _rules(self) -> tuple[float, float]:
        return self._sheet.down(47), self._sheet.down(138)

    def _instead(self, said: SlipWords, secret: SlipSecret) -> bytes:
        text = said.instead.get(secret, "")
        return self._fitting(self._bold, text, 120, 8.5) if text else b""

    def _steps(self, said: SlipWords, secret: SlipSecret) -> bytes:
        sheet, steps = self._sheet, said.steps.get(secret, ())
        size = 7.5 * sheet.scale
        lines = [
            self._plain.line(step, sheet.pad, sheet.down(151 + 11.5 * at), size, limit=sheet.room)
            for at, step in enumerate(steps)
        ]
        return b"".join(lines)

    def _under_code(self, said: SlipWords) -> bytes:
        sheet = self._sheet
        top, size = sheet.down(54) - sheet.code, 6.0 * sheet.scale
        width = self._plain.width(said.scan, size)
        size *= min(1.0, sheet.code / width) if width else 1.0
        right = sheet.width - sheet.pad
        return self._plain.line(said.scan, right, top - 8 * sheet.scale, size, right=True)

    def _label(self, text: str, y: float) -> bytes:
        return self._plain.line(text, self._sheet.pad, self._sheet.down(y), 6.5 * self._sheet.scale)

    def _fitting(self, ink: Ink, text: str, y: float, size: float) -> bytes:
        """Beside the code, smaller where it must be: an address that is cut short opens nothing."""
        sheet = self._sheet
        size = min(
            size * sheet.scale, size * sheet.scale * sheet.narrow / max(1.0, ink.width(text, size * sheet.scale))
        )
        return ink.line(text, sheet.pad, sheet.down(y), size)
