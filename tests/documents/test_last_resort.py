"""The font of the installation for Chinese, Japanese and Korean as it is delivered: CFF outlines in a collection."""

from __future__ import annotations

import dataclasses
import io
import subprocess
from pathlib import Path

import pikepdf
import pytest
from fontTools.cffLib import FDArrayIndex, FDSelect, FontDict
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTCollection, TTFont

from core.documents import press
from core.documents.papers import Paper
from tests.documents import papers, test_slips


def _font(characters: str, family: str) -> TTFont:
    """A font that has these characters and nothing else, its glyphs numbered instead of named."""
    pen = T2CharStringPen(1000, None)
    pen.moveTo((100, 0)), pen.lineTo((900, 0)), pen.lineTo((500, 800)), pen.closePath()
    glyphs = [".notdef", *(f"cid{number:05}" for number in range(1, len(characters) + 1))]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(character): glyphs[at] for at, character in enumerate(characters, start=1)})
    builder.setupCFF(family, {"FullName": family}, dict.fromkeys(glyphs, pen.getCharString()), {})
    _number(builder.font["CFF "].cff.topDictIndex[0], family, len(glyphs))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800)
    builder.setupPost()
    return builder.font


def _number(top: object, family: str, count: int) -> None:
    """Make the table one of numbered glyphs ("CID-keyed"), as fonts of ten thousand glyphs are."""
    part = FontDict()
    part.FontName, part.Private = family, top.Private  # type: ignore[attr-defined]
    parts, select = FDArrayIndex(), FDSelect()
    parts.append(part)
    select.format, select.gidArray = 3, [0] * count
    top.ROS = top.rawDict["ROS"] = ("Adobe", "Identity", 0)  # type: ignore[attr-defined]
    top.CIDCount, top.FDArray, top.FDSelect = count, parts, select  # type: ignore[attr-defined]
    top.CharStrings.fdArray, top.CharStrings.fdSelect = parts, select  # type: ignore[attr-defined]
    del top.Private  # type: ignore[attr-defined]


@pytest.fixture
def collection(tmp_path: Path) -> str:
    made = TTCollection()
    made.fonts = [_font("李雷さくら박", "Beyond"), _font("李", "Other")]
    made.save(tmp_path / "beyond.ttc")
    return str(tmp_path / "beyond.ttc")


def _paper(form: str, cjk_font: str) -> Paper:
    names = ["李雷 Sam", "さくら", "박 Sam", "Sam"]
    if form == "student-account-info":
        students = [papers.row(at, first=name, username=f"李.sam{at}") for at, name in enumerate(names)]
        return papers.paper({"7B 李": students}, cjk_font=cjk_font)
    slips = [test_slips.row(at, name=name, username=f"李.sam{at}") for at, name in enumerate(names)]
    drawn = test_slips.paper({"7B 李": slips}, layout=form)
    return dataclasses.replace(drawn, head=dataclasses.replace(drawn.head, cjk_font=cjk_font))


@pytest.mark.parametrize("form", ["letter", "8", "table", "student-account-info"])
def test_a_collection_with_cff_outlines_writes_what_our_typeface_lacks(
    form: str, collection: str, tmp_path: Path
) -> None:
    data = press.draw(_paper(form, collection))
    (tmp_path / "drawn.pdf").write_bytes(data)
    subprocess.run(["qpdf", "--check", str(tmp_path / "drawn.pdf")], check=True, capture_output=True)
    text = papers.poppler_text(data, tmp_path)
    assert all(name in text for name in ("李雷 Sam", "さくら", "박 Sam", "李.sam0", "李.sam3"))
    assert "typeface" not in text
    with pikepdf.open(io.BytesIO(data)) as pdf:
        fonts = [font.DescendantFonts[0] for font in pdf.pages[0].Resources.Font.values()]
        (beyond,) = (font for font in fonts if "Beyond" in str(font.BaseFont))
        assert beyond.Subtype == "/CIDFontType0" and beyond.FontDescriptor.FontFile3.Subtype == "/CIDFontType0C"
