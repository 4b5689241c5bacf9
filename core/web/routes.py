"""All of our own addresses. Everything else is Streamlit's and needs a staff session (see middleware.gate)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route

from core.errors import AppError, FreshCodeRequired, InputProblem, LimitReached, NotAllowed, NotFound, SignInRequired
from core.web import (
    address,
    assets,
    denials,
    files,
    forgotten,
    health,
    invitation,
    metrics,
    microsoft,
    my_second_factor,
    new_password,
    pages,
    people,
    portal,
    second_factor,
    setup,
    sign_in,
    twilio_answers,
    twilio_webhook,
)

logger = logging.getLogger(__name__)
STATUS = {NotAllowed: 403, FreshCodeRequired: 403, NotFound: 404, InputProblem: 422, LimitReached: 429}

PEOPLE = [
    *sign_in.ROUTES,
    *new_password.ROUTES,
    *forgotten.ROUTES,
    *setup.ROUTES,
    *invitation.ROUTES,
    *address.ROUTES,
    *portal.ROUTES,
    *microsoft.ROUTES,
    *second_factor.ROUTES,
    *my_second_factor.ROUTES,
]
OURS = [*PEOPLE, *files.ROUTES, *health.ROUTES, *metrics.ROUTES, *twilio_webhook.ROUTES, *twilio_answers.ROUTES]


def not_like_this(request: Request) -> Response:
    """An address of ours, asked in a way it does not know. A form's address that was typed leads to the start."""
    if request.method == "GET":
        return pages.redirect("/")
    return PlainTextResponse("Method not allowed", 405, headers={"Allow": ", ".join(sorted(_ways(request)))})


def _ways(request: Request) -> set[str]:
    """In which ways the address may be asked, which an answer of 405 has to name (RFC 9110, 15.5.6)."""
    matching = (route for route in OURS if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in matching for method in route.methods or ()}


def _fence() -> list[BaseRoute]:
    """Behind our routes, so that whatever the gate lets through to them never falls through to Streamlit's pages."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    paths = dict.fromkeys([*(route.path for route in OURS), "/files/{rest:path}"])
    return [Route(path, not_like_this, methods=methods) for path in paths]


ROUTES: list[BaseRoute] = [*OURS, *assets.ROUTES, *_fence()]


def refused(request: Request, refusal: Exception) -> Response:
    """An expected no: its sentence, and a way on."""
    if isinstance(refusal, SignInRequired):
        return pages.redirect("/sign-in?next=/me")
    logger.info("refused %s", type(refusal).__name__)
    if isinstance(refusal, NotAllowed):
        denials.note(people.signed_in(request), refusal)
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 409)
    return pages.refusal(request, str(refusal), status=status)


HANDLERS = {AppError: refused}
