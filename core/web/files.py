"""Downloads: a form of our own page in, an attachment out. Checked at that moment, kept by no cache (R44, R45)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TypedDict
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import database
from core.config import settings
from core.errors import AppError, Conflict, InputProblem, NotAllowed, NotFound
from core.permissions import Actor
from core.rules import report_parameters
from core.rules.report_parameters import CredentialParameters
from core.services import list_files, outcome_files, previews, reports, sign_in, status_papers
from core.services.access import Sought
from core.services.list_files import Order
from core.services.reports import File
from core.services.selections import RowScope
from core.tables.filters import StatusFilter
from core.web import denials, forms, pages, people

logger = logging.getLogger(__name__)

STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, InputProblem: 422}
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _Rows(TypedDict):
    """Which rows of which selection, and how many the person saw."""

    selection_id: int
    scope: RowScope
    expected: int


async def download(request: Request) -> Response:
    """Answer the form of a report item. Whoever may not know gets 404, as if there were nothing here."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > forms.MOST_BYTES:
        return PlainTextResponse("Too much for this form", 413, PRIVATE)
    return await run_in_threadpool(_answer, request, await forms.fields_of(request))


def _answer(request: Request, asked: Mapping[str, str]) -> Response:
    actor = people.signed_in(request)
    if actor is None or not actor.is_staff:
        return PlainTextResponse("Not found", 404, PRIVATE)
    try:
        forms.require_same_origin(request)
        if not sign_in.form_token_fits(actor, asked.get("form_token", "")):
            raise NotAllowed(forms.EXPIRED)
        return _attachment(_file(actor, request.path_params["kind"], asked))
    except AppError as refusal:
        logger.info("download refused: %s", type(refusal).__name__)
        denials.note(actor, refusal, where=request.url.path, sought=_sought(asked))
        status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 500)
        return pages.refusal(request, str(refusal), status=status, back=_back(request))


def _file(actor: Actor, kind: str, asked: Mapping[str, str]) -> File:
    if kind in outcome_files.KINDS:
        with database.transaction() as db:
            outcome = outcome_files.prepare(db, actor, kind=kind, campaign_id=_number(asked, "selection_id"))
        return File(outcome.name, outcome.media_type, outcome.content())
    if kind == status_papers.KIND:
        with database.transaction() as db:
            paper = status_papers.prepare(db, actor, filter=_status_filter(asked))
        return File(paper.name, paper.media_type, paper.content())
    rows = _Rows(selection_id=_number(asked, "selection_id"), scope=_scope(asked), expected=_number(asked, "expected"))
    if kind in list_files.KINDS:
        columns = asked.get("columns", "").split(",")
        with database.transaction() as db:
            listed = list_files.prepare(db, actor, kind=kind, columns=columns, order=_order(asked), **rows)
        return File(listed.name, listed.media_type, listed.content())
    with database.transaction() as db:
        prepared = reports.prepare(db, actor, kind=kind, parameters=_parameters(asked), **rows)
    return reports.draw(prepared)


def show_page(request: Request) -> Response:
    """One page of a preview as a picture; whoever it is not for gets 404, as if there were nothing here."""
    actor = people.signed_in(request)
    if actor is None or not actor.is_staff:
        return PlainTextResponse("Not found", 404, PRIVATE)
    try:
        with database.reading() as db:
            picture = previews.read(
                db, actor, preview=request.path_params["preview"], number=request.path_params["number"]
            )
    except AppError as refusal:
        denials.note(actor, refusal, where="/files/preview")
        return PlainTextResponse("Not found", 404, PRIVATE)
    return Response(picture, media_type="image/png", headers=PRIVATE)


def _scope(asked: Mapping[str, str]) -> RowScope:
    return "shown" if asked.get("scope") == "shown" else "selected"


def _status_filter(asked: Mapping[str, str]) -> StatusFilter:
    try:
        stored = json.loads(asked.get("filter", "{}"))
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise InputProblem("This form is not complete. Go back to Account status and try again.")
    return StatusFilter.from_json(stored)


def _order(asked: Mapping[str, str]) -> Order:
    return Order(asked.get("sort", "name"), asked.get("descending") == "yes")


def _parameters(asked: Mapping[str, str]) -> CredentialParameters:
    if "parameters" not in asked:
        return CredentialParameters()
    return report_parameters.from_text(asked["parameters"], pdf_password=asked.get("pdf_password", ""))


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputProblem("This form is not complete. Go back to the list and try again.")
    return int(text)


def _sought(asked: Mapping[str, str]) -> Sought | None:
    """The selection that a form names: whose it is, the form does not say."""
    text = asked.get("selection_id", "")
    return Sought("selection", int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _attachment(file: File) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.media_type, headers=PRIVATE | named)


def _back(request: Request) -> str:
    """The page the form stood on, when the browser tells and it is one of ours."""
    referer = request.headers.get("referer", "")
    ours = referer.startswith(settings().base_url + "/")
    return forms.local_path(urlsplit(referer).path) if ours else "/students"


ROUTES = [
    Route("/files/{kind}", download, methods=["POST"]),
    Route("/files/{preview}/page/{number:int}", show_page, methods=["GET"]),
]
