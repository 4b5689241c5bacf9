"""A download that asks who it is for (R31): a page for the code that carries the form on, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from core.permissions import Actor
from core.services import open_session
from core.web import pages, proof

PROOF, FILE_PASSWORD = "proof", "pdf_password"


def ask(request: Request, actor: Actor, asked: Mapping[str, str], *, back: str, problem: str = "") -> Response:
    """The page. What was typed as a password of the file is typed again: it stands in no page."""
    dropped = {PROOF, FILE_PASSWORD, "form_token"}
    return pages.render(
        request,
        "fresh_code.html",
        status=403,
        form_key=open_session.form_token(actor),
        action=request.url.path,
        carried={name: value for name, value in asked.items() if name not in dropped},
        locks_file=bool(asked.get(FILE_PASSWORD)),
        by_code=proof.by_code(actor),
        has_any=proof.has_any(actor),
        back=back,
        problem=problem,
    )
