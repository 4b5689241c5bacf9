"""What all papers with credentials have in common, upright: the document itself and the foot of its pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from core.documents import slip_layout
from core.documents.ink import Ink
from core.documents.papers import Credentials
from core.documents.report_pdf import ReportPDF
from core.documents.text import clean_all, needs_shaping, places_to_shape
from core.rules import slip_words


def document(paper: Credentials, *, orientation: str = "P") -> ReportPDF:
    """Confidential, and locked where a password is asked for."""
    return ReportPDF(paper.head, orientation=orientation, confidential=True, password=paper.parameters.pdf_password)


class Foot:
    """Confidential, what it is, who printed it when, page 3 of 12."""

    def __init__(self, pdf: ReportPDF, paper: Credentials, *, pages: int) -> None:
        head, self._said = paper.head, slip_words.words(paper.head.language)
        created = f"{head.created.astimezone(UTC):%Y-%m-%d %H:%M}"
        printed = f"{head.printed_by}, {slip_words.moment(created, head.language, head.zone)}"
        words = " · ".join(filter(None, (head.school, head.title, head.scope, head.period)))
        self._pdf = pdf
        self._before, self._pages = paper.part or (0, pages)
        self._same = b"0 g\n%b.35 g\n%b%b" % (
            pdf.bold.line(self._said.confidential, slip_layout.SIDE, 14, 7.5),
            pdf.plain.line(words, slip_layout.SIDE + 62, 23, 7, limit=420),
            pdf.plain.line(printed, slip_layout.SIDE + 62, 14, 7, limit=420),
        )
        self._everywhere = f"{words}{printed}{paper.portal}{paper.parameters.extra_text}"
        self._boxes = pdf.plain.line(self._said.boxes, slip_layout.SIDE + 62, 5, 6.5)

    def drawn(self, page: int, texts: Iterable[str]) -> bytes:
        """The foot of a page that is drawn already, and on which these texts stand."""
        pages = self._said.page % (self._before + page, self._pages)
        number = self._pdf.plain.line(pages, slip_layout.WIDTH - slip_layout.SIDE, 14, 7, right=True)
        return self._same + number + (self._boxes if self._has_boxes(texts) else b"")

    def _has_boxes(self, texts: Iterable[str]) -> bool:
        missing = self._pdf.missing()
        return bool(missing) and not set(missing).isdisjoint("".join(clean_all([self._everywhere, *texts])))


def fitted(ink: Ink, texts: Sequence[str], room: float, size: float, *, exact: bool) -> list[bytes]:
    """Texts for "(%b)Tj": what is too wide is shortened, or shrunk and wrapped where it has to be typed."""
    cleaned = clean_all(texts)
    encoded, widths = ink.face.encode_and_measure(cleaned)
    special = {*(widths * size / 1000 > room).nonzero()[0].tolist(), *ink.face.with_foreign(cleaned)}
    if places_to_shape("".join(cleaned)):
        special.update(at for at, text in enumerate(cleaned) if needs_shaping(text))
    for at in special:
        encoded[at] = ink.cell(cleaned[at], room, size, exact=exact)[0]
    return encoded
