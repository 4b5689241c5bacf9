"""What is known of a letter before it is drawn holds when it is drawn."""

from __future__ import annotations

from datetime import date

import pytest

from core.documents import credentials
from core.rules import report_leaves
from core.rules.handing_over import SlipSecret
from core.rules.report_parameters import CredentialParameters
from tests.documents import papers
from tests.documents.test_slips import paper, row, token


@pytest.mark.parametrize("language", ["en", "el"])
@pytest.mark.parametrize("text", ["李" * 300, "Ω" * 300, "\n".join(["W" * 36] * 8), ""])
def test_a_letter_whose_text_is_short_enough_takes_one_page(text: str, language: str) -> None:
    asked = CredentialParameters(layout="letter", extra_text=text, signature_line=True, dated=date(2026, 11, 24))
    assert report_leaves.slips_per_page(asked) == 1
    rows = [row(at, language=language, secret=way, token=token(at)) for at, way in enumerate(SlipSecret)]
    drawn = paper({"7B": rows}, layout="letter", extra_text=text, signature_line=True, dated=asked.dated)
    assert len(papers.pages(credentials.render(drawn))) == len(rows)


def test_part_of_a_report_keeps_the_numbers_of_its_pages() -> None:
    drawn = paper({"7B": [row(1), row(2)]}, layout="letter")
    pages = papers.pages(credentials.render(type(drawn)(**drawn.__dict__ | {"part": (399, 1200)})))
    assert "Page 400 of 1200" in pages[0] and "Page 401 of 1200" in pages[1]
