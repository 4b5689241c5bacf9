"""Lines of the log: JSON for machines, with the request and the campaign, and without anybody's data (R97)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from core import config, logs, requests


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    monkeypatch.setenv("FIRSTKEY_LOG_FORMAT", request.param)
    config.settings.cache_clear()
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:]
    monkeypatch.setattr("sys.stderr", stream)
    logs.begin()
    yield stream
    root.handlers[:] = before
    config.settings.cache_clear()


def _json(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_each_line_is_one_object_with_its_request_and_campaign(lines: io.StringIO) -> None:
    requests.begin()
    logging.getLogger("core.x").warning("batch %s\nended", 3)
    with requests.for_campaign(12):
        logging.getLogger("core.x").info("sent")
    first, second = _json(lines)
    assert (first["message"], first["level"], first["request"]) == ("batch 3\nended", "warning", requests.current())
    assert "campaign" not in first and second["campaign"] == 12
    assert first["at"].endswith("+00:00")


def _fail() -> None:
    try:
        try:
            raise KeyError("ma" + "ria@mail.example")
        except KeyError as error:
            raise RuntimeError("about ma" + "ria@mail.example") from error
    except RuntimeError:
        logging.getLogger("core.x").exception("it failed")


@pytest.mark.parametrize("lines", ["text"], indirect=True)
def test_r97_the_same_as_text_for_people(lines: io.StringIO) -> None:
    _fail()
    assert "maria" not in lines.getvalue()
    assert "test_log_lines.py" in lines.getvalue() and lines.getvalue().endswith("RuntimeError from KeyError\n")


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_r97_of_an_error_the_classes_and_places_and_never_what_it_says(lines: io.StringIO) -> None:
    _fail()
    (line,) = _json(lines)
    assert "maria" not in lines.getvalue()
    assert line["error"] == "RuntimeError from KeyError" and "test_log_lines.py" in line["stack"][0]


@pytest.mark.parametrize("lines", ["json", "text"], indirect=True)
def test_libraries_with_handlers_of_their_own_write_through_ours(lines: io.StringIO) -> None:
    library = logging.getLogger("some.library")
    library.addHandler(logging.StreamHandler(io.StringIO()))
    library.propagate = False
    logs.adopt()
    library.warning("from a library")
    assert "some.library" in lines.getvalue() and "from a library" in lines.getvalue()


@pytest.mark.parametrize("lines", ["text"], indirect=True)
def test_people_read_the_same_as_text(lines: io.StringIO) -> None:
    requests.begin()
    with requests.for_campaign(7):
        logging.getLogger("core.x").warning("slow")
    assert lines.getvalue().endswith(f"WARNING core.x slow [request {requests.current()}, campaign 7]\n")


@pytest.mark.parametrize("lines", ["json", "text"], indirect=True)
def test_r97_neither_asyncio_nor_a_server_that_could_not_start_quotes_an_error(lines: io.StringIO) -> None:
    said = "Task exception was never retrieved\nfuture: <Task exception=ValueError('maria@mail.example')>"
    logging.getLogger("asyncio").error(said, exc_info=ValueError("maria@mail.example"))
    logging.getLogger("uvicorn.error").error("Traceback (most recent call last):\n  ValueError: maria@mail.example\n")
    assert "maria" not in lines.getvalue() and "Task exception was never retrieved" in lines.getvalue()


@pytest.mark.parametrize("lines", ["json", "text"], indirect=True)
def test_r97_the_engine_says_what_failed_and_not_what_the_error_says(lines: io.StringIO) -> None:
    logging.getLogger("dbos").error("Error executing workflow campaign-3: Key (email)=(maria@mail.example) exists")
    logging.getLogger("dbos").error("Exception encountered\nTraceback about maria@mail.example")
    assert "maria" not in lines.getvalue()
    assert "Error executing workflow campaign-3" in lines.getvalue() and "Exception encountered" in lines.getvalue()
