"""Some pages of a report as pictures: what paper will look like, inside a window."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace

import pypdfium2

from core.documents import credentials
from core.documents.papers import Pictures, Preview

PIXELS_PER_POINT = 1.5  # A4 is 893 pixels wide
COLOURS = 48  # of the page itself: a third of the bytes


def render(preview: Preview) -> bytes:
    """The pictures, pickled for the process that asked. A password of the file is not asked for here."""
    parameters = replace(preview.paper.parameters, pdf_password="")
    document = pypdfium2.PdfDocument(credentials.render(replace(preview.paper, parameters=parameters)))
    before, of = preview.paper.part or (0, len(document))
    begin = max(0, min(preview.first, of) - 1 - before)
    pages = tuple(_picture(document[place]) for place in range(begin, min(len(document), begin + preview.pages)))
    return pickle.dumps(Pictures(pages, of, before + begin + 1))


def _picture(page: pypdfium2.PdfPage) -> bytes:
    picture = io.BytesIO()
    page.render(scale=PIXELS_PER_POINT).to_pil().convert("RGB").quantize(COLOURS).save(picture, "PNG", optimize=True)
    return picture.getvalue()
