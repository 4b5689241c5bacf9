"""All of our own addresses. Everything else is Streamlit's and needs a staff session (see middleware.gate)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from core.errors import AppError, InputProblem, LimitReached, NotAllowed, NotFound, SignInRequired
from core.web import assets, files, health, invitation, pages, portal, setup, sign_in

logger = logging.getLogger(__name__)
STATUS = {NotAllowed: 403, NotFound: 404, InputProblem: 422, LimitReached: 429}

ROUTES: list[BaseRoute] = [
    *sign_in.ROUTES,
    *setup.ROUTES,
    *invitation.ROUTES,
    *portal.ROUTES,
    *files.ROUTES,
    *health.ROUTES,
    *assets.ROUTES,
]


def refused(request: Request, refusal: Exception) -> Response:
    """An expected no: its sentence, and a way on."""
    if isinstance(refusal, SignInRequired):
        return pages.redirect("/sign-in?next=/me")
    logger.info("refused %s", type(refusal).__name__)
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 409)
    return pages.refusal(request, str(refusal), status=status)


HANDLERS = {AppError: refused}
