"""What people, programs and attackers type, on every form of paper: drawn without an exception, and a sound file."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import credentials, user_account_info
from core.documents.papers import ClassRows
from tests import corpus
from tests.documents import papers, test_slips, test_user_account_info
from tests.documents.test_student_account_info import HOSTILE

ALL = [*corpus.NAMES, *corpus.ADDRESSES, *HOSTILE]
WORST = ["", "\x00", "x" * 10_000, ") Tj ET BT (", "\ud800", "\u202egnp.exe", "%s%n%d", "Z" + "\u0301\u0323" * 60]


def _credentials(layout: str, texts: list[str], around: str) -> bytes:
    slips = [
        test_slips.row(
            at,
            name=text,
            code=text,
            title=text,
            kind="guardian",
            relation=text,
            wards=text,
            username=text,
            token=test_slips.token(at),
        )
        for at, text in enumerate(texts)
    ]
    classes = {around: [*slips, test_slips.row(9000)], "8A": [test_slips.row(9001)]}
    paper = test_slips.paper(classes, layout=layout, extra_text=around[:150])
    return credentials.render(dataclasses.replace(paper, head=dataclasses.replace(paper.head, school=around)))


def _user_account_info(_layout: str, texts: list[str], around: str) -> bytes:
    rows = [
        test_user_account_info.row(at, name=text, section=text, username=text, roles=text, email=text, maker=text)
        for at, text in enumerate(texts)
    ]
    rows += [test_user_account_info.row(9000), test_user_account_info.row(9001)]
    paper = test_user_account_info.paper(ClassRows.of(around, rows, under=around))
    head = dataclasses.replace(paper.head, school=around)
    return user_account_info.render(dataclasses.replace(paper, head=head, notes=(around,)))


@pytest.mark.parametrize(
    ("drawn", "layout"),
    [(_credentials, "letter"), (_credentials, "8"), (_credentials, "table"), (_user_account_info, "")],
)
@pytest.mark.parametrize("texts", [ALL, *([worst] for worst in WORST)], ids=lambda texts: ascii(texts)[:20])
def test_no_text_breaks_a_paper(
    drawn: Callable[[str, list[str], str], bytes], layout: str, texts: list[str], tmp_path: Path
) -> None:
    data = drawn(layout, texts, texts[0])
    path = tmp_path / "checked.pdf"
    path.write_bytes(data)
    checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    papers.poppler_text(data, tmp_path)  # reads it without a complaint
    text = "".join(papers.pages(data))
    assert "sam.sideris9000" in text and "sam.sideris9001" in text
