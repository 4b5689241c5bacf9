"""Logs name errors and quote nobody (R97)."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa
from streamlit import error_util

from core.logs import TextLines
from core.web import faults, logs, self_check

SECRET = "Key (username_key)=(maria@mail.example) already exists."


def _raised(chained: bool = False) -> Exception:
    try:
        raise sa.exc.IntegrityError("INSERT", {}, ValueError(SECRET))
    except sa.exc.IntegrityError as error:
        if not chained:
            return error
        try:
            raise RuntimeError("afterwards") from error
        except RuntimeError as later:
            return later


@pytest.fixture
def written() -> list[str]:
    """What Streamlit's own logger writes, as its handlers would."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record))

    logger, handler = logging.getLogger("streamlit.error_util"), Keep()
    logger.addHandler(handler)
    logs.quiet()
    yield lines  # type: ignore[misc]
    logger.removeHandler(handler)


@pytest.mark.parametrize("chained", [False, True])
def test_r97_streamlit_logs_the_classes_of_an_error_and_not_what_it_says(written: list[str], chained: bool) -> None:
    assert self_check.WANTED["logger.enableRich"] is False  # it would print the error past all loggers
    error_util.handle_user_script_exception(_raised(chained), lambda _error: True)
    assert SECRET not in "".join(written)
    assert "ValueError" in written[0]
    assert ("RuntimeError from ValueError" in written[0]) == chained


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("chained", [False, True])
def test_r97_our_own_log_quotes_no_row_either(caplog: pytest.LogCaptureFixture, chained: bool) -> None:
    caplog.handler.setFormatter(TextLines())
    reference = faults.log(_raised(chained), "a staff page")
    assert SECRET not in caplog.text
    assert reference in caplog.text
    assert "ValueError" in caplog.text
