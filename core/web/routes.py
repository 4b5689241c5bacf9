"""All of our own addresses. Everything else is Streamlit's and needs a staff session (see middleware.gate)."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from core.errors import AppError, NotAllowed, NotFound, SignInRequired
from core.web import files, health, invitation, pages, portal, setup, sign_in

logger = logging.getLogger(__name__)

ROUTES: list[BaseRoute] = [
    *sign_in.ROUTES,
    *setup.ROUTES,
    *invitation.ROUTES,
    *portal.ROUTES,
    *files.ROUTES,
    *health.ROUTES,
    Mount("/assets", StaticFiles(directory=Path(__file__).parent / "static")),
]


def refused(request: Request, refusal: Exception) -> Response:
    """An expected no: its sentence, and a way on."""
    if isinstance(refusal, SignInRequired):
        return pages.redirect("/sign-in?next=/me")
    logger.info("refused %s", type(refusal).__name__)
    status = 403 if isinstance(refusal, NotAllowed) else 404 if isinstance(refusal, NotFound) else 409
    return pages.refusal(request, str(refusal), status=status)


def failed(request: Request, error: Exception) -> Response:
    """A fault of ours: the person gets a reference, the log gets the rest."""
    reference = log_fault(error)
    text = (
        f"Something went wrong on our side. Try again; if it stays, tell your school's office this number: {reference}"
    )
    return pages.refusal(request, text, status=500)


def log_fault(error: BaseException) -> str:
    """Write an unexpected error down under a reference that a person can read out."""
    reference = secrets.token_hex(4).upper()
    logger.error("fault %s", reference, exc_info=error)
    return reference


HANDLERS = {AppError: refused, Exception: failed}
