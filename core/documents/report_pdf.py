"""A PDF whose pages are written as ready bytes and compressed as soon as they are finished.

Uses names of fpdf2 that are not public; its version is pinned and tests/documents reads every cell back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from fontTools.ttLib import TTLibError  # type: ignore[import-untyped]
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import EncryptionMethod, PDFResourceType
from fpdf.errors import FPDFException
from fpdf.fonts import TTFFont
from fpdf.image_parsing import preload_image
from fpdf.outline import OutlineItemDictionary
from fpdf.output import OutputProducer, PDFPage
from fpdf.syntax import DestinationXYZ, PDFContentStream, PDFObject, create_stream
from isal import isal_zlib

from core.documents.fonts import BOLD, MONO, REGULAR, Face
from core.documents.ink import Ink
from core.documents.papers import Letterhead
from core.documents.text import clean

_LEVEL = 2  # of ISA-L: smaller than zlib's level 1 in a third of the time


class _ReadyStream(PDFContentStream):
    """A content stream that is compressed already."""

    def __init__(self, data: bytes) -> None:
        super(PDFContentStream, self).__init__()  # past the parent, which would compress again
        self._contents = data

    def serialize(self, *_args: Any, _security_handler: Any = None, **_kwargs: Any) -> str:
        if _security_handler:
            self._contents = _security_handler.encrypt_stream(self._contents, self.id)
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

    def serialize(self, *_args: Any, _security_handler: Any = None, **_kwargs: Any) -> str:
        parts = (("Parent", self.parent), ("Prev", self.prev), ("Next", self.next))
        names = "\n".join(f"/{name} {part.ref}" for name, part in parts if part)
        dest = cast(DestinationXYZ, self.dest).serialize()
        title = self.title.serialize(_security_handler=_security_handler, _obj_id=self.id)
        return f"{self.id} 0 obj\n<<\n/Title {title}\n/Dest {dest}\n{names}\n>>\nendobj"


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


@dataclass(frozen=True)
class Logo:
    """The school's logo as a resource of the document, and how wide it is for its height."""

    number: int
    shape: float

    def drawn(self, x: float, top: float, *, height: float, width: float) -> bytes:
        """From its upper left corner, as large as fits into the box."""
        high = min(height, width / self.shape)
        return b"q %.2f 0 0 %.2f %.2f %.2f cm /I%d Do Q\n" % (high * self.shape, high, x, top - high, self.number)


class ReportPDF(FPDF):
    """A document in points, A4, that shows its title and says its language. The same input gives the same bytes.

    `confidential` goes into its metadata; with a password the file is encrypted (AES-256), and no two are the same.
    """

    def __init__(self, head: Letterhead, *, orientation: str, confidential: bool = False, password: str = "") -> None:
        super().__init__(orientation, "pt", "A4")
        self.set_auto_page_break(False)
        self.single_resources_object = True
        self.set_title(clean(head.title))
        self.set_author(clean(head.school))
        self.set_subject(clean(f"{head.scope}, {head.period}".strip(", ")))
        self.set_creator("Firstkey")
        self.set_keywords("Confidential" if confidential else "")
        self.set_lang(head.language)
        self.set_creation_date(head.created)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self._faces: list[Face] = []
        self._head = head
        if password:  # the enumeration, not its name: with the name fpdf2 falls back to RC4
            self.set_encryption(password, password, encryption_method=EncryptionMethod.AES_256, encrypt_metadata=True)

    @cached_property
    def plain(self) -> Ink:
        return Ink(self._face(REGULAR), lambda: self._last_resort)

    @cached_property
    def bold(self) -> Ink:
        return Ink(self._face(BOLD), lambda: self._last_resort)

    @cached_property
    def mono(self) -> Ink:
        """For what has to be typed: a letter that it lacks stands in bold."""
        return Ink(self._face(MONO), lambda: self.bold)

    @cached_property
    def _last_resort(self) -> Ink | None:
        """The font of the installation for Chinese, Japanese and Korean: large, so loaded where it is needed only."""
        try:
            return Ink(self._face(Path(self._head.cjk_font))) if self._head.cjk_font else None
        except (OSError, TTLibError):
            return None

    @cached_property
    def logo(self) -> Logo | None:
        """None where there is none, or none that can be read: a document is printed without it."""
        if not self._head.logo:
            return None
        try:
            with warnings.catch_warnings(action="ignore"):
                info: Any = preload_image(self.image_cache, BytesIO(self._head.logo))[2]
        except (OSError, ValueError, SyntaxError, FPDFException):  # what Pillow says of damaged files
            return None
        return Logo(info["i"], info["w"] / info["h"])

    def page_of(self, contents: bytes) -> None:
        """Add a finished page, compressed at once."""
        self.page += 1
        page = _ReadyPage(None, None, _ReadyStream(isal_zlib.compress(contents, _LEVEL)), self.page)
        page.set_dimensions(self.w_pt, self.h_pt)
        self.pages[self.page] = page

    def bookmark(self, name: str, *, top: float, level: int = 0) -> None:
        """An entry of the outline that leads to the page added last, `top` points above its foot."""
        self.y = self.h_pt - top
        self.start_section(clean(name) or "–", level=level)

    def missing(self) -> list[str]:
        """The characters for which no face had a glyph."""
        return sorted({chr(code) for face in self._faces for code in face.missing})

    def finished(self) -> bytes:
        """The file."""
        for face in self._faces:
            self._resource_catalog.add(PDFResourceType.FONT, face.font.i, self.page)
        for info in self.image_cache.images.values():
            self._resource_catalog.add(PDFResourceType.X_OBJECT, cast(Any, info)["i"], self.page)
        return bytes(self.output(output_producer_class=_Producer))

    def _face(self, path: Path) -> Face:
        """A face of this document, which every page may use."""
        self.add_font(path.stem, "", path)
        self._faces.append(Face(cast(TTFFont, self.fonts[path.stem.lower()])))
        return self._faces[-1]


def about_boxes(missing: list[str]) -> list[str]:
    """The note for a document in which characters stand as boxes."""
    if not missing:
        return []
    which = "1 character" if len(missing) == 1 else f"{len(missing):,} different characters"
    return [f"{which} cannot be printed in our typeface and stand as a box. Copied text has them all."]
