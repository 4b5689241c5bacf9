"""Downloads: a form of our own page in, an attachment out. Checked at that moment, kept by no cache (R44, R45)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.errors import AppError, Conflict, InputProblem, NotAllowed, NotFound
from core.permissions import Actor
from core.services import reports, sign_in
from core.services.reports import File
from core.web import cookies

logger = logging.getLogger(__name__)

MOST_BYTES = 4096  # of the form: ids and a token
STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, InputProblem: 422}
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nothing was downloaded</title>
<style>body{{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color:#1d2b2a}}
a{{color:#0b6b63}}@media(prefers-color-scheme:dark){{body{{background:#111818;color:#e6eceb}}a{{color:#6fc7bd}}}}</style>
</head><body><main><h1>Nothing was downloaded</h1><p>{sentence}</p><p><a href="{back}">Back to the list</a></p></main>
</body></html>"""


async def download(request: Request) -> Response:
    """Answer the form of a report item. Whoever may not know gets 404, as if there were nothing here."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return _refused(request, InputProblem("This form is not one of ours. Go back and try again."))
    form = await request.form(max_files=0, max_fields=8)
    asked = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_answer, request, asked)


def _answer(request: Request, asked: Mapping[str, str]) -> Response:
    actor = _staff(request)
    if actor is None:
        return HTMLResponse("Not found", 404, PRIVATE)
    try:
        if not _is_ours(request) or not sign_in.form_token_fits(actor, asked.get("token", "")):
            raise NotAllowed("This did not come from your page, or the page is old. Reload the list and try again.")
        return _attachment(_file(actor, request.path_params["kind"], asked))
    except AppError as refusal:
        logger.info("download refused: %s", type(refusal).__name__)
        return _refused(request, refusal)


def _file(actor: Actor, kind: str, asked: Mapping[str, str]) -> File:
    with database.transaction() as db:
        prepared = reports.prepare(
            db,
            actor,
            kind=kind,
            selection_id=_number(asked, "selection_id"),
            scope="shown" if asked.get("scope") == "shown" else "selected",
            expected=_number(asked, "expected"),
        )
    return reports.draw(prepared)


def _staff(request: Request) -> Actor | None:
    ip = request.client.host if request.client else None
    with database.reading() as db:
        actor = sign_in.actor_of(db, token=request.cookies.get(cookies.session_name()), ip=ip)
    return actor if actor and actor.is_staff else None


def _is_ours(request: Request) -> bool:
    """Browsers name the page that a form came from; one of the two must say that it was ours."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    said = [origin == settings().base_url] * (origin is not None) + [site == "same-origin"] * (site is not None)
    return bool(said) and all(said)


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputProblem("This form is not complete. Go back to the list and try again.")
    return int(text)


def _attachment(file: File) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.media_type, headers=PRIVATE | named)


def _refused(request: Request, refusal: AppError) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 500)
    return HTMLResponse(PAGE.format(sentence=escape(str(refusal)), back=escape(_back(request))), status, PRIVATE)


def _back(request: Request) -> str:
    """The page the form stood on, when the browser tells and it is one of ours."""
    referer = request.headers.get("referer", "")
    parts = urlsplit(referer)
    return parts.path if referer.startswith(settings().base_url + "/") and parts.path != "/" else "/students"


ROUTES = [Route("/files/{kind}", download, methods=["POST"])]
