"""A PDF whose pages are written as ready bytes and compressed as soon as they are finished.

Uses names of fpdf2 that are not public; its version is pinned and tests/documents reads every cell back.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any, cast

from fpdf import FPDF, ViewerPreferences
from fpdf.enums import PDFResourceType
from fpdf.fonts import TTFFont
from fpdf.outline import OutlineItemDictionary
from fpdf.output import OutputProducer, PDFPage
from fpdf.syntax import DestinationXYZ, PDFContentStream, PDFObject, create_stream

from core.documents.fonts import Face
from core.documents.text import clean

_LEVEL = 3  # of zlib: half the time of 6 for tables and 4 % more bytes


class _ReadyStream(PDFContentStream):
    """A content stream that is compressed already."""

    def __init__(self, data: bytes) -> None:
        super(PDFContentStream, self).__init__()  # past the parent, which would compress again
        self._contents = data

    def serialize(self, *_args: Any, **_kwargs: Any) -> str:
        head = f"{self.id} 0 obj\n<<\n/Filter /FlateDecode\n/Length {len(self._contents)}\n>>\n"
        return f"{head}{create_stream(self._contents)}\nendobj"


class _ReadyPage(PDFPage):
    """A page without anything but its stream. fpdf2 would look at every attribute of each of thousands."""

    def serialize(self, *_args: Any, **_kwargs: Any) -> str:
        parts = (("Contents", self.contents), ("Parent", self.parent), ("Resources", self.resources))
        names = "\n".join(f"/{name} {cast(PDFObject, part).ref}" for name, part in parts)
        return f"{self.id} 0 obj\n<<\n{names}\n/Type /Page\n>>\nendobj"


class _ReadyBookmark(OutlineItemDictionary):
    """An entry of the outline without children; a long list has thousands."""

    __slots__ = ()

    def serialize(self, *_args: Any, **_kwargs: Any) -> str:
        parts = (("Parent", self.parent), ("Prev", self.prev), ("Next", self.next))
        names = "\n".join(f"/{name} {part.ref}" for name, part in parts if part)
        dest = cast(DestinationXYZ, self.dest).serialize()
        return f"{self.id} 0 obj\n<<\n/Title {self.title.serialize()}\n/Dest {dest}\n{names}\n>>\nendobj"


class _Producer(OutputProducer):
    """Takes the pages as they are."""

    def _add_document_outline(self) -> Any:
        outline, items = super()._add_document_outline()
        for item in items:
            if not item.count:
                item.__class__ = _ReadyBookmark
        return outline, items

    def _add_pages(self, _slice: slice = slice(0, None)) -> list[Any]:
        pages = list(self._iter_pages_in_order())[_slice]
        for page in pages:
            self._add_pdf_obj(page, "pages")
            self._add_pdf_obj(cast(PDFObject, page.contents), "pages")
        return pages


class ReportPDF(FPDF):
    """A document in points, A4, that shows its title and says its language. The same input gives the same bytes."""

    def __init__(self, *, orientation: str, title: str, language: str, author: str, created: datetime) -> None:
        super().__init__(orientation, "pt", "A4")
        self.set_auto_page_break(False)
        self.single_resources_object = True
        self.set_title(clean(title))
        self.set_author(clean(author))
        self.set_lang(language)
        self.set_creation_date(created)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self._faces: list[Face] = []

    def face(self, path: Any) -> Face:
        """A face of this document, which every page may use."""
        self.add_font(path.stem, "", path)
        self._faces.append(Face(cast(TTFFont, self.fonts[path.stem.lower()])))
        return self._faces[-1]

    def page_of(self, contents: bytes) -> None:
        """Add a finished page, compressed at once."""
        self.page += 1
        page = _ReadyPage(None, None, _ReadyStream(zlib.compress(contents, _LEVEL)), self.page)
        page.set_dimensions(self.w_pt, self.h_pt)
        self.pages[self.page] = page
        for face in self._faces:
            self._resource_catalog.add(PDFResourceType.FONT, face.font.i, self.page)

    def bookmark(self, name: str, *, top: float, level: int = 0) -> None:
        """An entry of the outline that leads to the page added last, `top` points above its foot."""
        self.y = self.h_pt - top
        self.start_section(clean(name) or "–", level=level)

    def missing(self) -> list[str]:
        """The characters for which no face had a glyph."""
        return sorted({chr(code) for face in self._faces for code in face.missing})

    def finished(self) -> bytes:
        """The file."""
        return bytes(self.output(output_producer_class=_Producer))
