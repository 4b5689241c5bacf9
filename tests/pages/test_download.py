"""A report item: ids and a token, and nothing that anybody typed without escaping."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.services import open_session
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("database")


def _page(actor: object, label: str) -> None:
    from pages.shared import download

    download.report_form(
        actor,  # type: ignore[arg-type]
        label=label,
        kind="student-account-info",
        selection_id=7,
        scope="shown",
        expected=1240,
    )


def test_the_item_posts_ids_and_the_token_of_this_session(cast: Cast) -> None:
    page = AppTest.from_function(_page, args=(cast.olga.actor, "Student Account Info"), default_timeout=30).run()
    assert not page.exception
    html = page.get("html")[0].proto.body
    assert 'method="post" action="/files/student-account-info"' in html
    for name, value in {
        "form_token": open_session.form_token(cast.olga.actor),
        "selection_id": "7",
        "scope": "shown",
        "expected": "1240",
    }.items():
        assert f'name="{name}" value="{value}"' in html
    assert "Student Account Info <small>PDF, 1,240</small>" in html


def test_a_label_is_text_and_never_markup(cast: Cast) -> None:
    page = AppTest.from_function(_page, args=(cast.olga.actor, "<img src=x>"), default_timeout=30).run()
    assert "<img" not in page.get("html")[0].proto.body
