"""Lines of the log: text for people, JSON for machines; with the request and the campaign, and nobody's data (R97)."""

from __future__ import annotations

import copy
import json
import logging
import os
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from core import requests
from core.config import settings

_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class TextLines(logging.Formatter):
    """As always, and behind it what the line belongs to; of an error what JsonLines says of it."""

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def format(self, record: logging.LogRecord) -> str:
        """Python keeps at a record how the first handler wrote its error: ours is not always the first."""
        own = copy.copy(record)
        own.exc_text = None
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging calls it so)
        said = [f"{name} {value}" for name, value in _belongs_to().items()]
        return f"{super().formatMessage(record)} [{', '.join(said)}]" if said else super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging calls it so)
        return "".join([*traceback.format_tb(ei[2]), names(ei[1])]) if ei[1] is not None else ""


class JsonLines(logging.Formatter):
    """One object a line. Of an error the classes and the places, never what it says: it may quote a person."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        line |= {"message": record.getMessage(), "process": os.getpid(), **_belongs_to()}
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": names(record.exc_info[1]), "stack": _places(record.exc_info[2])}
        return json.dumps(line, ensure_ascii=False)


class _FirstWords(logging.Filter):
    """The engine puts what an error says, or all of its stack, behind the first colon of its message; asyncio, and a
    server that could not start, behind the first line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, without that."""
        whose = record.name.split(".")[0]
        if whose in ("dbos", "asyncio", "uvicorn") and record.levelno >= logging.WARNING:
            first = record.getMessage().partition("\n")[0]
            record.msg, record.args = first.partition(": ")[0] if whose == "dbos" else first, ()
        return True


def begin() -> None:
    """Called by whatever runs for long, before it writes its first line."""
    handler = logging.StreamHandler()
    handler.addFilter(_FirstWords())
    handler.setFormatter(_formatter())
    logging.basicConfig(level=settings().log_level.upper(), handlers=[handler], force=True)


def adopt() -> None:
    """Libraries have handlers of their own, which write errors out: ours take their place. Called once all is there."""
    for logger in list(logging.Logger.manager.loggerDict.values()):  # threads make others meanwhile
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers, logger.propagate = [], True


def names(error: BaseException) -> str:
    """The classes of an error and of those behind it, without what they say."""
    found = [type(one.orig if isinstance(one, sa.exc.DBAPIError) and one.orig else one) for one in chain(error)]
    return " from ".join(kind.__name__ for kind in dict.fromkeys(found))


def place(error: BaseException) -> str:
    """Where it happened."""
    return next(reversed(_places(error.__traceback__)), "")


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those behind it."""
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        yield behind
        behind = behind.__cause__ or behind.__context__


def _formatter() -> logging.Formatter:
    return JsonLines() if settings().log_format == "json" else TextLines()


def _belongs_to() -> dict[str, object]:
    known = {"request": requests.current(), "campaign": requests.campaign()}
    return {name: value for name, value in known.items() if value}


def _places(stack: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(stack)]
