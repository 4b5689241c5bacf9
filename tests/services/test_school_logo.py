"""The school's logo: only its pixels are kept, and they stand on every paper."""

from __future__ import annotations

import io
import zlib

import pypdfium2
import pytest
from PIL import Image, PngImagePlugin
from sqlmodel import select

from core import database
from core.errors import InputProblem, NotAllowed
from core.models import AuditEntry, SchoolLogo
from core.rules import logos
from core.services import reports, school, selections
from core.tables import school as table
from core.tables.filters import StudentFilter
from tests.cast import Cast


def _picture(size: tuple[int, int] = (300, 100), *, file_format: str = "PNG", mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, (200, 0, 0, 0) if mode == "RGBA" else (200, 0, 0)).save(written, file_format)
    return written.getvalue()


@pytest.mark.both_databases
def test_a_logo_stands_on_reports_until_it_is_removed(cast: Cast) -> None:
    with database.transaction() as db:
        school.change_logo(db, cast.ada.actor, content=_picture())
    with database.transaction() as db:
        assert Image.open(io.BytesIO(table.logo(db))).size == (300, 100)
        shown = selections.show(db, cast.olga.actor, list_name="students", filter=StudentFilter()).id or 0
        asked = {"kind": "student-account-info", "selection_id": shown, "scope": "shown", "expected": 3}
        prepared = reports.prepare(db, cast.olga.actor, **asked)  # type: ignore[arg-type]
    page = pypdfium2.PdfDocument(reports.draw(prepared).content)[0]
    assert [thing.type for thing in page.get_objects()].count(3) == 1  # an image
    with database.transaction() as db:
        school.change_logo(db, cast.ada.actor, content=None)
        assert table.logo(db) == b"" and db.get(SchoolLogo, 1) is None
        done = [entry.action for entry in db.exec(select(AuditEntry).order_by("seq"))]
        assert [action for action in done if action.startswith("logo")] == ["logo.changed", "logo.removed"]


def test_what_hides_in_a_picture_is_gone_and_a_large_one_is_small() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "<script>alert(1)</script>")
    written = io.BytesIO()
    Image.new("RGBA", (3000, 1000), (0, 90, 0, 128)).save(written, "PNG", pnginfo=told)
    made = logos.redrawn(written.getvalue() + b"<?php hidden ?>")
    assert b"script" not in made and b"php" not in made
    picture = Image.open(io.BytesIO(made))
    assert (picture.size, picture.mode, picture.info.get("Comment")) == ((900, 300), "RGB", None)


def test_transparency_becomes_white_and_a_photograph_is_fine() -> None:
    clear = Image.open(io.BytesIO(logos.redrawn(_picture(mode="RGBA"))))
    assert clear.getpixel((5, 5)) == (255, 255, 255)
    assert logos.redrawn(_picture(file_format="JPEG")).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", _picture()[:60], _picture(file_format="GIF"), b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)
def test_what_is_no_picture_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(InputProblem, match="no picture"):
        logos.redrawn(content)


@pytest.mark.parametrize("side", [5_000, 10_000, 60_000])
def test_a_picture_that_would_burst_is_refused_before_it_is_unpacked(side: int) -> None:
    head = side.to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")
    with pytest.raises(InputProblem, match="too many pixels"):
        logos.redrawn(bomb)


def test_a_file_of_many_bytes_is_refused_unread() -> None:
    with pytest.raises(InputProblem, match="too large"):
        logos.redrawn(b"x" * 3_000_000)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def test_only_who_may_change_settings_changes_it(cast: Cast) -> None:
    for actor in (cast.olga.actor, cast.cora.actor):
        with database.transaction() as db, pytest.raises(NotAllowed):
            school.change_logo(db, actor, content=_picture())
