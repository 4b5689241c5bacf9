"""Keeps request lines out of the logs: they would hold link tokens and session ids (R19, R43)."""

from __future__ import annotations

import logging


def quiet() -> None:
    """Called once everything is loaded: Streamlit gives uvicorn's loggers handlers of its own."""
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
