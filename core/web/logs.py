"""Keeps out of the logs what must not stand there: link tokens and session ids (R19, R43), rows of people (R97)."""

from __future__ import annotations

import logging

from core.logs import names


class _ClassNamesOnly(logging.Filter):
    """Streamlit logs whatever a page raises, before it asks us; the text of an error may quote a row."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, with the names of the errors in place of what they say."""
        raised = record.exc_info[1] if record.exc_info else None
        if raised is not None:
            record.msg, record.args = f"{record.getMessage()}: {names(raised)}", ()
            record.exc_info = record.exc_text = None
        return True


_class_names_only = _ClassNamesOnly()


def quiet() -> None:
    """Called once everything is loaded: Streamlit gives uvicorn's loggers handlers of its own."""
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("streamlit.error_util").addFilter(_class_names_only)
